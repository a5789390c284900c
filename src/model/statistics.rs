//! What an operator sees of the service as a whole.

use chrono::{DateTime, Utc};

/// Days that sign-ups and log-ins are counted for, the present one included.
pub const DAYS: u16 = 30;

/// The numbers of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    pub counted_at: DateTime<Utc>,
    pub accounts: i64,
    pub live_sessions: i64,
    /// The latest day first, with those on which nothing happened.
    pub days: Vec<DayCount>,
}

/// What happened on one day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// As in `2026-01-31`.
    pub day: String,
    pub sign_ups: i64,
    pub log_ins: i64,
}
