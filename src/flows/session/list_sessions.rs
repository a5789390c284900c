//! An account owner lists the account's sessions.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::session::ListedSession;
use crate::store::sessions;

/// The live sessions of `user`, the most recently used first; no more than an account may have.
pub async fn list_sessions(app: &App, user: UserId) -> anyhow::Result<Vec<ListedSession>> {
    let mut read = app.db.read().await?;
    // An account may have more from a time when there was no cap, until its next log-in.
    Ok(sessions::of_user(read.conn(), user, app.clock.now(), app.session_caps.total()).await?)
}
