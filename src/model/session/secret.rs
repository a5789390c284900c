//! The secret in a session cookie.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use tower_sessions::session::Id;

/// The 128 random bits that a client presents. Only the client and the connection ever hold them; the service stores
/// their [`SecretHash`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionSecret(Id);

impl SessionSecret {
    /// A new secret from the operating system's generator.
    ///
    /// # Panics
    /// When the system gives no randomness: going on would hand out guessable sessions.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system's random generator answers");
        Self(Id(i128::from_le_bytes(bytes)))
    }

    /// The text in the cookie: 22 characters of base64url.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0.to_string()
    }

    /// The same bits as the session id of `tower-sessions`.
    #[must_use]
    pub fn id(self) -> Id {
        self.0
    }

    /// SHA-256 is enough here: 128 random bits leave nothing to guess (OWASP ASVS v5.0.0-11.5.1).
    #[must_use]
    pub fn hash(self) -> SecretHash {
        SecretHash(self.digest().to_vec())
    }

    /// The bytes of [`Self::hash`].
    #[must_use]
    pub fn digest(self) -> [u8; 32] {
        Sha256::digest(self.0.0.to_le_bytes()).into()
    }
}

impl From<Id> for SessionSecret {
    fn from(id: Id) -> Self {
        Self(id)
    }
}

/// The text is not a session secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session secret")]
pub struct MalformedSecret;

impl FromStr for SessionSecret {
    type Err = MalformedSecret;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The length is checked first: decoding a longer text into the id's 16 bytes would be an error of another kind.
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

/// SHA-256 of a [`SessionSecret`], by which the database finds a session.
#[derive(Clone, PartialEq, Eq, Hash, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct SecretHash(pub Vec<u8>);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
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
}
