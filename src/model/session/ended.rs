//! Sessions that have ended.

use crate::model::id::{SessionId, UserId};

/// A session whose row was deleted.
#[derive(Debug, Clone, Copy, sqlx_macros::FromRow)]
pub struct EndedSession {
    pub id: SessionId,
    /// `None` for a visitor's session.
    pub user_id: Option<UserId>,
    /// Whether it had not expired.
    pub was_alive: bool,
}
