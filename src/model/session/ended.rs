//! Sessions that have ended.

use chrono::{DateTime, Utc};

use super::SessionKind;
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

/// Which sessions of all accounts an operator means.
#[derive(Debug, Clone)]
pub struct SessionFilter {
    /// Those that began before this time.
    pub before: DateTime<Utc>,
    /// Those of one kind.
    pub kind: Option<SessionKind>,
}

/// The sessions that fit a filter, of those that one call looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedSessions {
    pub number: u64,
    /// The place to go on from; `None` if there are no more sessions.
    pub next: Option<SessionId>,
}
