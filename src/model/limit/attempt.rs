//! Failed attempts to prove an identity, and how many of them an account allows.

use chrono::{DateTime, TimeDelta, Utc};

use super::rate::Rate;

/// The bucket in which failed attempts are counted: for one account and one kind of place. Both parts are keyed hashes,
/// so that the table does not reveal which addresses were tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub subject: Vec<u8>,
    pub place: Vec<u8>,
}

/// How many failures a bucket allows. In milliseconds, because the database calculates with them.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub interval: i64,
    pub period: i64,
}

impl Budget {
    /// Consecutive failures after which a bucket allows no more attempts (NIST SP 800-63B-4, 3.2.2).
    pub const MAX_IN_A_ROW: i64 = 100;
    /// A bucket expires after one quiet day per consecutive failure, so a patient attacker averages one guess a day.
    pub const RETENTION_PER_FAILURE: TimeDelta = TimeDelta::days(1);

    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let milliseconds = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self {
            interval: milliseconds(rate.interval()),
            period: milliseconds(rate.period()),
        }
    }
}

/// A bucket as it is stored; its times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, sqlx_macros::FromRow)]
pub struct Failures {
    /// Consecutive failures.
    pub failures: i64,
    /// When the bucket is full again, apart from the number of consecutive failures.
    pub free_at: i64,
    /// When the bucket expires; the column's name.
    pub forgotten_at: i64,
}

impl Failures {
    /// Whole seconds until one more attempt is allowed, at least one.
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
