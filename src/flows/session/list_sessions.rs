//! An account owner lists the account's sessions.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::session::ListedSession;
use crate::store::sessions;

/// The live sessions of `user`, the most recently used first.
pub async fn list_sessions(app: &App, user: UserId) -> anyhow::Result<Vec<ListedSession>> {
    let mut read = app.db.read().await?;
    Ok(sessions::of_user(read.conn(), user, app.clock.now()).await?)
}
