//! How long sessions last.

use chrono::{DateTime, TimeDelta, Utc};

/// How long sessions last (OWASP ASVS v5.0.0-7.3.1 and 7.3.2).
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// A session that is not used for this long ends.
    pub idle: TimeDelta,
    /// A session ends this long after its log-in, however much it is used.
    pub absolute: TimeDelta,
}

impl Lifetimes {
    pub const SHORTEST_RENEWAL_INTERVAL: TimeDelta = TimeDelta::minutes(1);
    const LONGEST_RENEWAL_INTERVAL: TimeDelta = TimeDelta::minutes(5);

    /// A session's use is stored at most this often, so that checking a session rarely writes. A session may end this
    /// much before its idle time-out is over, so a short time-out has a short interval.
    #[must_use]
    pub fn renewal_interval(&self) -> TimeDelta {
        (self.idle / 60).clamp(Self::SHORTEST_RENEWAL_INTERVAL, Self::LONGEST_RENEWAL_INTERVAL)
    }

    /// The moment at which a session used `now` goes idle, never later than its absolute end.
    #[must_use]
    pub fn idle_deadline(&self, now: DateTime<Utc>, absolute_end: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.idle).min(absolute_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_never_outlasts_the_absolute_end() {
        let lifetimes = Lifetimes {
            idle: TimeDelta::days(7),
            absolute: TimeDelta::days(30),
        };
        let start = DateTime::UNIX_EPOCH;
        let end = start + lifetimes.absolute;
        assert_eq!(lifetimes.idle_deadline(start, end), start + TimeDelta::days(7));
        assert_eq!(lifetimes.idle_deadline(start + TimeDelta::days(29), end), end);
    }

    #[test]
    fn a_short_idle_time_out_is_renewed_more_often_but_never_more_than_once_a_minute() {
        let interval = |idle| {
            let absolute = TimeDelta::days(30);
            Lifetimes { idle, absolute }.renewal_interval()
        };
        assert_eq!(interval(TimeDelta::days(7)), TimeDelta::minutes(5));
        assert_eq!(interval(TimeDelta::hours(3)), TimeDelta::minutes(3));
        assert_eq!(interval(TimeDelta::minutes(15)), TimeDelta::minutes(1));
    }
}
