//! What the session cookie and the device cookie share: the `SameSite` attribute, the lifetime, and how a cookie is
//! found by its name.

use chrono::{DateTime, TimeDelta, Utc};

/// Different cookies of one name that are looked at. A browser sends one for each domain and path they were set for; a
/// longer list is an attempt to make the service search.
pub const MOST_OF_ONE_NAME: usize = 4;

/// The attributes that decide whether a browser keeps a cookie.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    pub same_site: SameSite,
    pub secure: bool,
    pub domain: Option<&'a str>,
}

/// The attributes of a cookie that is to be removed.
pub(super) const REMOVED: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// Whether a browser sends a cookie with requests that another site caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

/// The attributes of a cookie that is set `now` and lives for `max_age`. `Expires` says the same as `Max-Age`: Java and
/// Android take a cookie without it for one of RFC 2965, and send that back in a form of its own.
#[must_use]
pub(super) fn lifetime(max_age: TimeDelta, now: DateTime<Utc>) -> String {
    let max_age = max_age.max(TimeDelta::zero());
    let expires = (now + max_age).format("%a, %d %b %Y %H:%M:%S GMT");
    format!("; Max-Age={}; Expires={expires}", max_age.num_seconds())
}

/// The different values of the cookie `name` among raw `Cookie` headers, in the order in which they were sent, and at
/// most [`MOST_OF_ONE_NAME`]. Names are not decoded, and what RFC 2965 adds has other names (`$Version`, `$Path`).
#[must_use]
pub(super) fn find<'h>(name: &str, headers: impl Iterator<Item = &'h [u8]>) -> Vec<&'h [u8]> {
    // Compared as bytes: a neighbouring cookie may hold bytes that are not text.
    let pairs = headers.flat_map(|header| header.split(|byte| *byte == b';'));
    let values = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let mut found = Vec::new();
    for value in values.map(unquoted) {
        if found.len() == MOST_OF_ONE_NAME {
            break;
        }
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// The value inside one pair of double quotes, which RFC 6265 allows.
fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &str) -> Vec<&str> {
        let values = find("s", [header.as_bytes()].into_iter());
        values
            .into_iter()
            .map(|value| std::str::from_utf8(value).unwrap())
            .collect()
    }

    #[test]
    fn the_expiry_is_told_in_both_ways() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        assert_eq!(
            lifetime(TimeDelta::days(7), now),
            "; Max-Age=604800; Expires=Fri, 11 Oct 2024 00:00:00 GMT"
        );
        assert_eq!(
            lifetime(TimeDelta::seconds(-1), now),
            "; Max-Age=0; Expires=Fri, 04 Oct 2024 00:00:00 GMT"
        );
    }

    #[test]
    fn one_pair_of_quotes_is_no_part_of_the_value_and_what_begins_with_a_dollar_is_no_cookie() {
        assert_eq!(found("$Version=\"1\"; s=\"a\";$Path=\"/\";$Domain=\"x\""), ["a"]);
        for (value, expected) in [
            ("\"a", "\"a"),
            ("a\"", "a\""),
            ("\"\"a\"\"", "\"a\""),
            ("\"", "\""),
            ("\"\"", ""),
        ] {
            assert_eq!(found(&format!("s={value}")), [expected], "{value}");
        }
    }

    #[test]
    fn different_values_are_found_in_order_up_to_four() {
        assert_eq!(found("s=a; x=y; s=b; s=a; s=\"b\""), ["a", "b"]);
        assert_eq!(found("s=a; s=b; s=c; s=d; s=e"), ["a", "b", "c", "d"]);
        assert_eq!(found("t=a; S=b; ss=c"), Vec::<&str>::new());
    }
}
