//! Attempts to register or to use a passkey. Between its two requests an attempt travels with the client, encrypted, so
//! that a page that only asks for a challenge stores nothing.

use anyhow::anyhow;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::app::sealing::Sealer;
use crate::model::id::{SessionId, UserId};
use crate::model::passkey::client_data::Ceremony;
use crate::model::secret_key::SecretKey;

/// How long a client may take between the two requests.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// No sealed attempt of ours is longer, so a longer text is not decoded.
const MAX_TEXT: usize = 2048;

/// For whom an attempt was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Any account: the passkey says which.
    Anyone,
    /// The account of this session, which must finish it.
    Session { user: UserId, session: SessionId },
    /// An account that does not exist yet: the id that it will have, and its address.
    NewAccount { user: UserId, email: String },
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub challenge: [u8; 32],
    pub subject: Subject,
    /// In seconds since 1970.
    expires_at: i64,
}

impl Attempt {
    /// When the attempt can't succeed any more, and its challenge can be forgotten.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.expires_at, 0).unwrap_or_default()
    }

    /// What is stored of a challenge that was answered.
    #[must_use]
    pub fn challenge_hash(&self) -> Vec<u8> {
        digest(&SHA256, &self.challenge).as_ref().to_vec()
    }
}

/// Begins attempts and reads them back.
#[derive(Debug)]
pub struct Attempts(Sealer);

impl Attempts {
    pub fn new(secret: &SecretKey) -> anyhow::Result<Self> {
        Ok(Self(Sealer::new(secret, b"neptun-auth 1: attempts with passkeys")?))
    }

    /// A new attempt, and the text that stands for it.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn begin(&self, ceremony: Ceremony, subject: Subject, now: DateTime<Utc>) -> anyhow::Result<(Attempt, String)> {
        let mut challenge = [0; 32];
        let filled = SystemRandom::new().fill(&mut challenge);
        filled.map_err(|_| anyhow!("the system has no randomness to give"))?;
        let attempt = Attempt {
            challenge,
            subject,
            expires_at: (now + LIFETIME).timestamp(),
        };
        let sealed = self.0.seal(&serde_json::to_vec(&attempt)?, binding(ceremony))?;
        Ok((attempt, BASE64.encode(sealed)))
    }

    /// The attempt that a text stands for; `None` if it has expired, or is none of `ceremony`.
    #[must_use]
    pub fn open(&self, ceremony: Ceremony, text: &str, now: DateTime<Utc>) -> Option<Attempt> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let sealed = BASE64.decode(text).ok()?;
        let opened = self.0.open(&sealed, binding(ceremony)).ok()?;
        let attempt: Attempt = serde_json::from_slice(&opened).ok()?;
        (attempt.expires_at > now.timestamp()).then_some(attempt)
    }
}

/// An attempt of one ceremony can't be opened in the other.
fn binding(ceremony: Ceremony) -> &'static [u8] {
    match ceremony {
        Ceremony::Register => b"register",
        Ceremony::Authenticate => b"authenticate",
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_attempt_opens_in_its_ceremony_for_ten_minutes() {
        let attempts = Attempts::new(&SecretKey::generate()).unwrap();
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let (attempt, text) = attempts.begin(Ceremony::Register, Subject::Anyone, now).unwrap();
        let open = |ceremony, text: &str, later| attempts.open(ceremony, text, now + later);
        assert_eq!(
            open(Ceremony::Register, &text, TimeDelta::zero()),
            Some(attempt.clone())
        );
        assert_eq!(open(Ceremony::Register, &text, TimeDelta::seconds(599)), Some(attempt));
        assert_eq!(open(Ceremony::Register, &text, TimeDelta::seconds(600)), None);
        assert_eq!(open(Ceremony::Authenticate, &text, TimeDelta::zero()), None);
        for text in ["", "x", &text[1..], &format!("{text}A"), &"A".repeat(100_000)] {
            assert_eq!(open(Ceremony::Register, text, TimeDelta::zero()), None);
        }
        let other = Attempts::new(&SecretKey::generate()).unwrap();
        assert_eq!(other.open(Ceremony::Register, &text, now), None);
    }

    #[test]
    fn challenges_differ_and_the_longest_attempt_can_be_opened() {
        let attempts = Attempts::new(&SecretKey::generate()).unwrap();
        let subject = Subject::NewAccount {
            user: UserId(Uuid::max()),
            // What JSON makes longest, and more of it than an address may have.
            email: "\"".repeat(254),
        };
        let now = DateTime::UNIX_EPOCH;
        let (one, text) = attempts.begin(Ceremony::Register, subject.clone(), now).unwrap();
        let (other, _) = attempts.begin(Ceremony::Register, subject, now).unwrap();
        assert_ne!(one.challenge, other.challenge);
        assert_ne!(one.challenge_hash(), other.challenge_hash());
        assert_eq!(attempts.open(Ceremony::Register, &text, now), Some(one));
    }
}
