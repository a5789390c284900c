//! A time that an operator names.

use chrono::{DateTime, Datelike, Utc};

/// The time that `text` says in the form of RFC 3339, if both databases know it: PostgreSQL rejects years long ago, and
/// SQLite compares times as texts, which needs years of four digits.
#[must_use]
pub fn moment(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (1970..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_year_of_four_digits_and_is_not_before_1970() {
        for text in [
            "1970-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z",
            "2024-10-04T02:00:00+02:00",
        ] {
            assert!(moment(text).is_some(), "{text}");
        }
        for text in [
            "",
            "2024-10-04",
            "1970-01-01T00:00:00+01:00",
            "-5000-01-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
