//! A client follows what happens to its session.

use std::sync::Arc;

use super::look_up_session::look_up_session;
use crate::app::App;
use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::store::sessions;

/// What a client that follows a session is told.
#[derive(Debug, Clone)]
pub enum SessionNews {
    /// Something changed that a session shows of its account.
    UserChanged(Arc<SignedIn>),
    Ended,
    /// The session goes on under another id and secret, which this client may not know.
    Replaced,
}

/// Compares the session of `secret` with what was `seen` of it before; `None` when nothing changed.
pub async fn follow_session(app: &App, secret: SessionSecret, seen: &SignedIn) -> anyhow::Result<Option<SessionNews>> {
    if let Some(found) = look_up_session(app, secret).await? {
        let now = found.signed_in;
        let is_same = now.email == seen.email && now.email_verified == seen.email_verified;
        return Ok((!is_same).then_some(SessionNews::UserChanged(now)));
    }
    let mut read = app.db.read().await?;
    let is_replaced = sessions::is_replaced(read.conn(), seen.user_id, seen.session_id).await?;
    Ok(Some(if is_replaced {
        SessionNews::Replaced
    } else {
        SessionNews::Ended
    }))
}
