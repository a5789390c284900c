//! A client ends the session that it is using.

use crate::app::App;
use crate::model::session::secret::SessionSecret;
use crate::store::sessions;
use crate::telemetry::{self, Ended};

/// Ends the presented session on every instance; `false` when there was none to end.
pub async fn log_out(app: &App, presented: Option<SessionSecret>) -> anyhow::Result<bool> {
    let Some(presented) = presented else {
        return Ok(false);
    };
    let mut tx = app.db.write().await?;
    let ended = sessions::end_by_secret(&mut tx, &presented.hash(), app.clock.now()).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::LoggedOut, ended.into());
    Ok(ended)
}
