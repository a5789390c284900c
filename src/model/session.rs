//! Sessions: the secret that a client holds, the row that the service holds, and the rules of their life.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tower_sessions::session::Id;
use uuid::Uuid;

use super::client::Client;
use super::user::UserId;

/// The public id of a session, by which its owner lists and revokes it. Worthless as a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct SessionId(pub Uuid);

/// The 128 random bits that a client presents. They exist in the client and on the wire only; the service keeps their
/// [`SecretHash`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionSecret(Id);

impl SessionSecret {
    /// A new secret from the operating system's generator.
    ///
    /// # Panics
    /// When the system has no randomness to give: going on would hand out guessable sessions.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system's random generator answers");
        Self(Id(i128::from_le_bytes(bytes)))
    }

    /// The text that goes into the cookie: 22 characters of base64url.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0.to_string()
    }

    /// What `tower-sessions` calls the session's id.
    #[must_use]
    pub fn id(self) -> Id {
        self.0
    }

    /// SHA-256 is enough here: 128 random bits leave nothing to guess (OWASP ASVS v5.0.0-11.5.1).
    #[must_use]
    pub fn hash(self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.0.to_le_bytes()).to_vec())
    }
}

impl From<Id> for SessionSecret {
    fn from(id: Id) -> Self {
        Self(id)
    }
}

/// The text is not a session secret of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session secret")]
pub struct MalformedSecret;

impl FromStr for SessionSecret {
    type Err = MalformedSecret;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The length check comes first because decoding a longer text into the id's 16 bytes is an error of another kind.
        if text.len() != 22 {
            return Err(MalformedSecret);
        }
        text.parse().map(Self).map_err(|_| MalformedSecret)
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

/// SHA-256 of a [`SessionSecret`]: what the database knows a session by.
#[derive(Clone, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct SecretHash(pub Vec<u8>);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// How long sessions last (OWASP ASVS v5.0.0-7.3.1 and 7.3.2).
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// A session that is not used for this long ends.
    pub idle: TimeDelta,
    /// A session ends this long after its log-in however much it is used.
    pub absolute: TimeDelta,
}

impl Lifetimes {
    /// A session's use is written down at most this often, so that checking a session rarely writes.
    pub const RENEWAL_INTERVAL: TimeDelta = TimeDelta::minutes(1);

    /// The moment at which a session used `now` goes idle, never later than its absolute end.
    #[must_use]
    pub fn idle_deadline(&self, now: DateTime<Utc>, absolute_end: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.idle).min(absolute_end)
    }
}

/// A session about to be stored.
#[derive(Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub secret_hash: SecretHash,
    /// `None` for a session that nobody has logged in to yet.
    pub user_id: Option<UserId>,
    pub kind: &'static str,
    pub created_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
    pub client: Client,
}

impl NewSession {
    /// The kind of session that a browser's cookie carries.
    pub const COOKIE: &'static str = "cookie";

    /// A cookie session that starts `now`.
    #[must_use]
    pub fn cookie(
        secret: SessionSecret,
        user_id: Option<UserId>,
        client: Client,
        lifetimes: &Lifetimes,
        now: DateTime<Utc>,
    ) -> Self {
        let absolute_expires_at = now + lifetimes.absolute;
        Self {
            id: SessionId(Uuid::now_v7()),
            secret_hash: secret.hash(),
            user_id,
            kind: Self::COOKIE,
            created_at: now,
            idle_expires_at: lifetimes.idle_deadline(now, absolute_expires_at),
            absolute_expires_at,
            client,
        }
    }
}

/// A live session as it is stored, with what it remembers for a visitor.
#[derive(Debug, sqlx::FromRow)]
pub struct StoredSession {
    pub id: SessionId,
    pub user_id: Option<UserId>,
    pub email: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
    /// A JSON object.
    pub data: String,
}

impl StoredSession {
    /// The session as its user's; `None` when nobody has logged in to it.
    #[must_use]
    pub fn signed_in(&self) -> Option<SignedIn> {
        Some(SignedIn {
            session_id: self.id,
            user_id: self.user_id?,
            email: self.email.clone()?,
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            idle_expires_at: self.idle_expires_at,
            absolute_expires_at: self.absolute_expires_at,
        })
    }
}

/// A live session together with the account it is signed in to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub email: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
}

impl SignedIn {
    /// A session such as documentation shows.
    #[must_use]
    pub fn example() -> Self {
        let created_at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(9);
        Self {
            session_id: SessionId(Uuid::from_u128(0x0192_d3a8_6c0e_7b52_9f4d_2a6b_8c1e_5f70)),
            user_id: UserId(Uuid::from_u128(0x0192_d3a8_6bf1_7c3a_8e21_5d4f_9a0b_1c2d)),
            email: "user@example.com".to_owned(),
            created_at,
            last_seen_at: created_at + TimeDelta::hours(2),
            idle_expires_at: created_at + TimeDelta::days(7) + TimeDelta::hours(2),
            absolute_expires_at: created_at + TimeDelta::days(30),
        }
    }

    /// When the session ends if it is not used again.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.idle_expires_at.min(self.absolute_expires_at)
    }

    /// Whether this use of the session should be written down.
    #[must_use]
    pub fn renewal_is_due(&self, now: DateTime<Utc>) -> bool {
        now - self.last_seen_at >= Lifetimes::RENEWAL_INTERVAL
    }

    /// The session as it is after being used `now`.
    #[must_use]
    pub fn renewed(self, lifetimes: &Lifetimes, now: DateTime<Utc>) -> Self {
        Self {
            last_seen_at: now,
            idle_expires_at: lifetimes.idle_deadline(now, self.absolute_expires_at),
            ..self
        }
    }
}

/// One line in the list of an account's sessions.
#[derive(Debug, sqlx::FromRow)]
pub struct ListedSession {
    pub id: SessionId,
    pub kind: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_secret_survives_its_text_form() {
        let secret = SessionSecret::generate();
        assert_eq!(secret.reveal().len(), 22);
        assert_eq!(secret.reveal().parse(), Ok(secret));
    }

    #[test]
    fn other_texts_are_not_secrets() {
        let secret = SessionSecret::generate().reveal();
        for text in [
            "",
            "abc",
            &secret[1..],
            &format!("{secret}A"),
            &secret.replacen(&secret[..1], "*", 1),
            &"A".repeat(100_000),
        ] {
            assert_eq!(text.parse::<SessionSecret>(), Err(MalformedSecret));
        }
    }

    #[test]
    fn secrets_do_not_repeat_and_are_not_printed() {
        let secrets: HashSet<_> = (0..100_000).map(|_| SessionSecret::generate().reveal()).collect();
        assert_eq!(secrets.len(), 100_000);
        let secret = SessionSecret::generate();
        assert_eq!(
            format!("{secret:?} {:?}", secret.hash()),
            "SessionSecret(…) SecretHash(…)"
        );
    }

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
}
