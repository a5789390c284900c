//! An operator lists the sessions of an account.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::session::ListedSession;
use crate::store::{sessions, users};

/// The live sessions of the account, the most recently used first; `None` if there is no such account.
pub async fn list_sessions_of(app: &App, id: UserId) -> anyhow::Result<Option<Vec<ListedSession>>> {
    let mut read = app.db.read().await?;
    if users::listed(read.conn(), id).await?.is_none() {
        return Ok(None);
    }
    let listed = sessions::of_user(read.conn(), id, app.clock.now(), app.session_caps.total()).await?;
    Ok(Some(listed))
}
