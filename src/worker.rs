//! What the service does by itself: sending mails, forgetting what has expired, keeping up with signing keys.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::purge_expired::purge_expired;
use crate::flows::refresh_keys::refresh_keys;
use crate::flows::send_mails::send_mails;

const CLEANING_INTERVAL: Duration = Duration::from_mins(1);
/// Somebody may be waiting for a code.
const SENDING_INTERVAL: Duration = Duration::from_secs(1);
/// How long a mail server may go on taking a mail while the service stops.
const LAST_SENDING: Duration = Duration::from_millis(500);

/// Works until `shutdown`. A round that fails is logged, and the next one tries again.
pub async fn run(app: App, shutdown: CancellationToken) {
    tokio::join!(clean(&app, &shutdown), deliver(&app, &shutdown));
}

async fn clean(app: &App, shutdown: &CancellationToken) {
    let mut round = interval(CLEANING_INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = round.tick() => {
                note("forgetting what has expired", forget(app).await);
                note("refreshing the signing keys", refresh_keys(app).await);
            }
            () = shutdown.cancelled() => return,
        }
    }
}

/// Sends mails apart from the rest, because a mail server may take minutes for one.
async fn deliver(app: &App, shutdown: &CancellationToken) {
    let mut round = interval(SENDING_INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = round.tick() => {}
            () = shutdown.cancelled() => return,
        }
        tokio::select! {
            sent = send(app) => note("sending mails", sent),
            // What is not done by then is sent again later, under the same Message-ID.
            () = shutdown_and_a_little(shutdown) => return,
        }
    }
}

async fn shutdown_and_a_little(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    sleep(LAST_SENDING).await;
}

async fn forget(app: &App) -> anyhow::Result<()> {
    while purge_expired(app).await? {}
    Ok(())
}

async fn send(app: &App) -> anyhow::Result<()> {
    while send_mails(app).await? {}
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
