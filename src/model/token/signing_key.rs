//! Keys that sign access tokens: when each of them signs, and for how long its signatures are accepted.

use chrono::{DateTime, TimeDelta, Utc};

use super::ACCESS_LIFETIME;

/// A key as it is stored.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct StoredKey {
    /// Keys are numbered in the order in which they sign.
    pub number: i64,
    pub kid: String,
    /// The uncompressed point on P-256.
    pub public_key: Vec<u8>,
    /// The private key in PKCS #8, encrypted.
    pub sealed_private_key: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub active_at: DateTime<Utc>,
}

/// How long other services may keep the published keys.
pub const PUBLISHED_MAX_AGE: TimeDelta = TimeDelta::minutes(5);
/// How long before it signs a new key is published: every cache has expired by then, and clocks may differ.
pub const ACTIVATION_DELAY: TimeDelta = TimeDelta::minutes(10);
/// How long a key verifies after another one replaced it: the lifetime of the last token it signed, and some time
/// because clocks may differ.
pub const RETIREMENT: TimeDelta = TimeDelta::minutes(10);

const _: () = assert!(RETIREMENT.num_seconds() > ACCESS_LIFETIME.num_seconds());

/// The key that signs `now`, among keys with these `active_at` in the order of their numbers: the newest one that is
/// active, or the first one, which may have been made by an instance whose clock is ahead.
#[must_use]
pub fn signing(active_at: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<usize> {
    let newest = active_at.iter().rposition(|active_at| *active_at <= now);
    newest.or((!active_at.is_empty()).then_some(0))
}

/// Whether signatures of the key at `index` are accepted `now`. A key that does not sign yet verifies too, because
/// another instance's clock may be ahead.
#[must_use]
pub fn verifies(active_at: &[DateTime<Utc>], index: usize, now: DateTime<Utc>) -> bool {
    active_at
        .get(index + 1)
        .is_none_or(|superseded_at| now < *superseded_at + RETIREMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_until_the_next_one_does_and_verifies_a_while_longer() {
        let start = DateTime::UNIX_EPOCH;
        let keys = [start, start + TimeDelta::hours(1)];
        assert_eq!(signing(&[], start), None);
        assert_eq!(signing(&keys, start - TimeDelta::seconds(1)), Some(0));
        assert_eq!(signing(&keys, start + TimeDelta::minutes(59)), Some(0));
        assert_eq!(signing(&keys, start + TimeDelta::hours(1)), Some(1));
        let retired = start + TimeDelta::hours(1) + RETIREMENT;
        assert!(verifies(&keys, 0, retired - TimeDelta::seconds(1)));
        assert!(!verifies(&keys, 0, retired));
        assert!(verifies(&keys, 1, start));
        assert!(verifies(&keys, 1, retired + TimeDelta::days(9)));
    }
}
