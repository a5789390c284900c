//! Keys for the admin API.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Access;

/// What every key begins with, so that programs that look for leaked secrets find it.
pub const PREFIX: &str = "nak_";
/// Bytes of a key; in base64url they are 43 characters.
const BYTES: usize = 32;

/// The text of a key, which is shown once.
pub struct AdminKeySecret(Zeroizing<String>);

impl AdminKeySecret {
    /// A new key from the operating system's generator.
    ///
    /// # Panics
    /// When the system gives no randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut()).expect("the operating system's random generator answers");
        Self(Zeroizing::new(format!("{PREFIX}{}", BASE64.encode(bytes.as_ref()))))
    }

    /// Reads the text of a request; `None` if it has not the form of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == BYTES).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 is enough here: 256 random bits leave nothing to guess.
    #[must_use]
    pub fn hash(&self) -> AdminKeyHash {
        AdminKeyHash(Sha256::digest(self.0.as_bytes()).to_vec())
    }
}

impl fmt::Debug for AdminKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKeySecret(…)")
    }
}

/// The stored form of a key.
#[derive(Clone, PartialEq, Eq, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct AdminKeyHash(Vec<u8>);

impl fmt::Debug for AdminKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKeyHash(…)")
    }
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scopes {
    Read,
    ReadAndWrite,
}

impl Scopes {
    /// The text by which they are stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadAndWrite => "read write",
        }
    }
}

/// A stored key.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct AdminKey {
    pub id: Uuid,
    pub name: String,
    pub scopes: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl AdminKey {
    /// Keys that may be stored at the same time, expired ones included.
    pub const MOST: i64 = 100;
    /// Most characters of a name.
    pub const NAME_LENGTH: usize = 100;
    /// Longest life of a key.
    pub const MOST_DAYS: u16 = 3650;
    /// The use of a key is stored at most this often.
    const USE_INTERVAL: TimeDelta = TimeDelta::minutes(5);

    /// Whether the key may be used for `access`.
    #[must_use]
    pub fn permits(&self, access: Access) -> bool {
        access == Access::Read || self.scopes == Scopes::ReadAndWrite.name()
    }

    /// Whether this use should be stored.
    #[must_use]
    pub fn use_is_due(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= Self::USE_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_not_printed() {
        let key = AdminKeySecret::generate();
        let text = key.reveal().to_owned();
        assert_eq!(text.len(), 47);
        assert_eq!(AdminKeySecret::parse(&text).unwrap().hash(), key.hash());
        assert_ne!(AdminKeySecret::generate().hash(), key.hash());
        assert_eq!(format!("{key:?} {:?}", key.hash()), "AdminKeySecret(…) AdminKeyHash(…)");
    }

    #[test]
    fn other_texts_are_no_keys() {
        let key = AdminKeySecret::generate();
        let digits = &key.reveal()[PREFIX.len()..];
        for text in [
            "",
            "nak_",
            digits,
            &format!("nak_{digits}="),
            &format!("nak_{digits}AAAA"),
            "nak_é",
        ] {
            assert!(AdminKeySecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_for_reading_writes_nothing() {
        let now = DateTime::UNIX_EPOCH;
        let key = |scopes: Scopes| AdminKey {
            id: Uuid::now_v7(),
            name: "test".to_owned(),
            scopes: scopes.name().to_owned(),
            created_at: now,
            expires_at: now,
            last_used_at: Some(now),
        };
        assert!(key(Scopes::Read).permits(Access::Read) && !key(Scopes::Read).permits(Access::Write));
        let both = key(Scopes::ReadAndWrite);
        assert!(both.permits(Access::Read) && both.permits(Access::Write));
        assert!(!both.use_is_due(now + TimeDelta::minutes(4)) && both.use_is_due(now + TimeDelta::minutes(5)));
    }
}
