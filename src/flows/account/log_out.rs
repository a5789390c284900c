//! A client ends the session that it is using.

use crate::app::App;
use crate::flows::steps::record_log_out::record_log_out;
use crate::model::client::Client;
use crate::model::session::secret::SessionSecret;
use crate::store::sessions;
use crate::telemetry::{self, Ended};

/// Ends every presented session, on every instance; `false` when there was none to end.
pub async fn log_out(app: &App, presented: &[SessionSecret], client: &Client) -> anyhow::Result<bool> {
    if presented.is_empty() {
        return Ok(false);
    }
    // A look first: made-up secrets cost no write, so no number of them makes others wait for the writer.
    if !is_any_stored(app, presented).await? {
        return Ok(false);
    }
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let ended = sessions::end_by_secrets(&mut tx, presented, now).await?;
    for session in &ended {
        record_log_out(&mut tx, session, client, now).await?;
    }
    tx.commit().await?;
    telemetry::sessions_ended(Ended::LoggedOut, ended.len() as u64);
    Ok(!ended.is_empty())
}

/// Whether one of the sessions has a row. It may have expired: a clock that is set back must not revive it.
async fn is_any_stored(app: &App, presented: &[SessionSecret]) -> anyhow::Result<bool> {
    let mut read = app.db.read().await?;
    for secret in presented {
        if sessions::is_stored(read.conn(), &secret.hash()).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
