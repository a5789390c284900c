//! The one secret that the database does not contain; all keys are derived from it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

/// 256 bits, written as 64 hexadecimal digits. While it replaces another one, it knows that too.
#[derive(Clone)]
pub struct SecretKey {
    bytes: Zeroizing<[u8; 32]>,
    previous: Option<Box<Self>>,
}

/// The text is not a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecretKey {
    #[error("SECRET_KEY must be 64 hexadecimal digits; `openssl rand -hex 32` makes one")]
    Malformed,
    #[error(
        "SECRET_KEY can be guessed, because its digits follow a pattern; `openssl rand -hex 32` makes a random one"
    )]
    Guessable,
}

/// A random key has fewer different bytes than this once in 10^15.
const FEWEST_DIFFERENT_BYTES: usize = 16;

impl SecretKey {
    /// A new key from the operating system's generator.
    ///
    /// # Panics
    /// When the system gives no randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).expect("the operating system's random generator answers");
        Self { bytes, previous: None }
    }

    /// The same key, which also opens and verifies what `previous` has sealed and signed.
    #[must_use]
    pub fn replacing(self, previous: Self) -> Self {
        Self {
            previous: Some(Box::new(previous)),
            ..self
        }
    }

    #[must_use]
    pub fn previous(&self) -> Option<&Self> {
        self.previous.as_deref()
    }

    /// The same key, which knows no other.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self {
            bytes: self.bytes.clone(),
            previous: None,
        }
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// The digits, to be stored where only the service can read them.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(
            self.bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat(),
        )
    }
}

impl FromStr for SecretKey {
    type Err = InvalidSecretKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim().as_bytes();
        let mut bytes = Zeroizing::new([0; 32]);
        if digits.len() != 2 * bytes.len() {
            return Err(InvalidSecretKey::Malformed);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (digit(pair[0])?, digit(pair[1])?);
            *byte = high << 4 | low;
        }
        if is_guessable(bytes.as_ref()) {
            return Err(InvalidSecretKey::Guessable);
        }
        Ok(Self { bytes, previous: None })
    }
}

/// Whether the bytes are few and repeated, or count up or down.
fn is_guessable(bytes: &[u8]) -> bool {
    let different: BTreeSet<_> = bytes.iter().collect();
    let steps: BTreeSet<_> = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    different.len() < FEWEST_DIFFERENT_BYTES || steps.len() < FEWEST_DIFFERENT_BYTES
}

fn digit(character: u8) -> Result<u8, InvalidSecretKey> {
    let digit = char::from(character).to_digit(16).ok_or(InvalidSecretKey::Malformed)?;
    u8::try_from(digit).map_err(|_| InvalidSecretKey::Malformed)
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_form_and_is_not_printed() {
        let key = SecretKey::generate();
        let text = key.reveal();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse::<SecretKey>().unwrap().as_bytes(), key.as_bytes());
        assert_eq!(format!("{key:?}"), "SecretKey(…)");
    }

    #[test]
    fn keys_that_follow_a_pattern_are_refused() {
        let counted: Vec<_> = (0..32).map(|byte| format!("{byte:02x}")).collect();
        for text in [
            "0".repeat(64),
            "0123456789abcdef".repeat(4),
            "deadbeef".repeat(8),
            counted.concat(),
        ] {
            assert_eq!(
                text.parse::<SecretKey>().unwrap_err(),
                InvalidSecretKey::Guessable,
                "{text}"
            );
        }
        for _ in 0..1000 {
            assert!(SecretKey::generate().reveal().parse::<SecretKey>().is_ok());
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "0",
            &"0".repeat(63),
            &"0".repeat(65),
            &"g".repeat(64),
            &"+f".repeat(32),
            &"é".repeat(32),
        ] {
            assert!(text.parse::<SecretKey>().is_err(), "{text}");
        }
    }
}
