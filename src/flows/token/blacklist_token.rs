//! A client of the token API logs out.

use crate::app::App;
use crate::flows::steps::record_log_out::record_log_out;
use crate::model::client::Client;
use crate::store::sessions;
use crate::telemetry::{self, Ended};

/// Ends the session of a refresh token; `false` when the token is not ours or its session is over. An old token of the
/// session works too: ending the session does no more harm than using that token would.
pub async fn blacklist_token(app: &App, token: &str, client: &Client) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let Some((claims, _)) = app.tokens.check_refresh(token, now) else {
        return Ok(false);
    };
    let mut tx = app.db.write().await?;
    let ended = sessions::end_by_id(&mut tx, claims.sid, now).await?;
    if let Some(session) = &ended {
        record_log_out(&mut tx, session, client, now).await?;
    }
    tx.commit().await?;
    telemetry::sessions_ended(Ended::LoggedOut, ended.is_some().into());
    Ok(ended.is_some())
}
