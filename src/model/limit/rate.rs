//! A rate: how often something is allowed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A token bucket: a burst of `count`, refilled by one every `period / count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    period: Duration,
}

/// The text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a number, a slash and a time, as in `100/h` or `10/15m`; at most 1000/s, and a time of 1s to 365d")]
pub struct InvalidRate;

impl Rate {
    pub const ONE_A_MINUTE: Self = Self {
        count: 1,
        period: Duration::from_mins(1),
    };
    pub const TWENTY_FOUR_A_DAY: Self = Self {
        count: 24,
        period: Duration::from_hours(24),
    };
    pub const SIX_HUNDRED_A_MINUTE: Self = Self {
        count: 600,
        period: Duration::from_mins(1),
    };
    const SHORTEST_PERIOD: Duration = Duration::from_secs(1);
    const LONGEST_PERIOD: Duration = Duration::from_hours(365 * 24);

    /// `count` times in `period`.
    ///
    /// # Errors
    /// [`InvalidRate`] for a count of zero, for more than one in a millisecond, and for periods of no use.
    pub fn new(count: u32, period: Duration) -> Result<Self, InvalidRate> {
        let is_period = (Self::SHORTEST_PERIOD..=Self::LONGEST_PERIOD).contains(&period);
        if is_period && count > 0 && u128::from(count) <= period.as_millis() {
            Ok(Self { count, period })
        } else {
            Err(InvalidRate)
        }
    }

    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    #[must_use]
    pub fn period(self) -> Duration {
        self.period
    }

    /// The time after which one more is allowed.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.period / self.count
    }

    /// The same rate, `factor` times as often.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self {
            count: self.count.saturating_mul(factor),
            ..self
        }
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (count, period) = text.split_once('/').ok_or(InvalidRate)?;
        let count = count.trim().parse().map_err(|_| InvalidRate)?;
        let period = period.trim();
        let period = if period.starts_with(|first: char| first.is_ascii_digit()) {
            humantime::parse_duration(period)
        } else {
            humantime::parse_duration(&format!("1{period}"))
        };
        Self::new(count, period.map_err(|_| InvalidRate)?)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, humantime::format_duration(self.period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(count: u32, seconds: u64) -> Rate {
        Rate::new(count, Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        assert_eq!("100/h".parse(), Ok(rate(100, 3600)));
        assert_eq!("10/15m".parse(), Ok(rate(10, 900)));
        assert_eq!(" 5 / 30s ".parse(), Ok(rate(5, 30)));
        assert_eq!("1/1d".parse(), Ok(rate(1, 86_400)));
        assert_eq!(rate(10, 900).to_string(), "10/15m");
        assert_eq!(rate(10, 900).interval(), Duration::from_secs(90));
    }

    #[test]
    fn texts_without_a_number_and_a_time_within_bounds_are_rejected() {
        for text in [
            "",
            "100",
            "/h",
            "0/h",
            "-1/h",
            "1/",
            "1/0s",
            "1/fortnight",
            "1.5/h",
            "1001/s",
            "1/500ms",
            "1/366d",
            "many/h",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text}");
        }
    }
}
