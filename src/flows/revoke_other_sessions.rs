//! A person stays signed in here and nowhere else.

use crate::app::App;
use crate::model::session::SignedIn;
use crate::store::sessions;
use crate::telemetry::{self, Ended};

/// Ends every session of the account but the current one, and tells how many there were.
pub async fn revoke_other_sessions(app: &App, current: &SignedIn) -> anyhow::Result<u64> {
    let mut tx = app.db.write().await?;
    let revoked = sessions::end_others_of_user(tx.conn(), current.user_id, current.session_id, app.clock.now()).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Revoked, revoked);
    Ok(revoked)
}
