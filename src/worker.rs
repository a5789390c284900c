//! What the service does by itself: forgetting expired sessions.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::purge_sessions::purge_sessions;

const INTERVAL: Duration = Duration::from_mins(1);

/// Works until `shutdown`. A round that fails is logged, and the next one tries again.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut round = interval(INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = round.tick() => work(&app).await,
            () = shutdown.cancelled() => return,
        }
    }
}

async fn work(app: &App) {
    loop {
        match purge_sessions(app).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "expired sessions could not be purged");
                return;
            }
        }
    }
}
