//! A person ends one of their sessions, wherever it is in use.

use crate::app::App;
use crate::model::session::SessionId;
use crate::model::user::UserId;
use crate::store::sessions;
use crate::telemetry::{self, Ended};

/// Ends the session `id` of `user`; `false` when they have none of that id, even if somebody else has.
pub async fn revoke_session(app: &App, user: UserId, id: SessionId) -> anyhow::Result<bool> {
    let mut tx = app.db.write().await?;
    let revoked = sessions::end_of_user(tx.conn(), user, id, app.clock.now()).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Revoked, revoked.into());
    Ok(revoked)
}
