//! What the service does by itself: forgetting expired sessions and old failures, keeping up with signing keys.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::forget_attempts::forget_attempts;
use crate::flows::purge_sessions::purge_sessions;
use crate::flows::refresh_keys::refresh_keys;

const INTERVAL: Duration = Duration::from_mins(1);

/// Works until `shutdown`. A round that fails is logged, and the next one tries again.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut round = interval(INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = round.tick() => {
                note("purging expired sessions", purge(&app).await);
                note("forgetting failed attempts and unused devices", forget(&app).await);
                note("refreshing the signing keys", refresh_keys(&app).await);
            }
            () = shutdown.cancelled() => return,
        }
    }
}

async fn purge(app: &App) -> anyhow::Result<()> {
    while purge_sessions(app).await? {}
    Ok(())
}

async fn forget(app: &App) -> anyhow::Result<()> {
    while forget_attempts(app).await? {}
    Ok(())
}

/// A task that failed costs nothing but this round.
fn note(task: &str, result: anyhow::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(
            task,
            error = format!("{error:#}"),
            "a background task failed; the next round tries again"
        );
    }
}
