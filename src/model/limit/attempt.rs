//! Failed attempts to prove who one is, and how many of them an account takes.

use chrono::{DateTime, TimeDelta, Utc};

use super::rate::Rate;

/// The attempts that are counted together: those on one account, from one kind of place. Both parts are keyed hashes, so
/// that the table does not tell which addresses were tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub subject: Vec<u8>,
    pub place: Vec<u8>,
}

/// How many failures a bucket holds. In milliseconds, because the database computes with them.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub interval: i64,
    pub period: i64,
}

impl Budget {
    /// Failures in a row after which a bucket takes no more attempts (NIST SP 800-63B-4, 3.2.2).
    pub const MAX_IN_A_ROW: i64 = 100;
    /// A bucket is forgotten when so much time for each failure in a row has passed without another one: whoever stays
    /// below the other limits for ever makes one guess a day.
    pub const KEPT_PER_FAILURE: TimeDelta = TimeDelta::days(1);

    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let milliseconds = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self {
            interval: milliseconds(rate.interval()),
            period: milliseconds(rate.period()),
        }
    }
}

/// A bucket as it is stored, its times in milliseconds since 1970.
#[derive(Debug, Clone, Copy, sqlx_macros::FromRow)]
pub struct Failures {
    /// Failures in a row.
    pub failures: i64,
    /// When the bucket will be as if nobody had failed, but for the number in a row.
    pub free_at: i64,
    pub forgotten_at: i64,
}

impl Failures {
    /// Whole seconds until one more attempt is taken, at least one.
    #[must_use]
    pub fn retry_after(&self, budget: Budget, now: DateTime<Utc>) -> u64 {
        let until = if self.failures >= Budget::MAX_IN_A_ROW {
            self.forgotten_at
        } else {
            self.free_at + budget.interval - budget.period
        };
        let milliseconds = u64::try_from(until - now.timestamp_millis()).unwrap_or_default();
        milliseconds.div_ceil(1000).max(1)
    }
}
