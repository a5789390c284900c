//! The one secret that the database does not contain; all keys are derived from it.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

/// 256 bits, written as 64 hexadecimal digits.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

/// The text is not a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SECRET_KEY must be 64 hexadecimal digits; `openssl rand -hex 32` makes one")]
pub struct MalformedSecretKey;

impl SecretKey {
    /// A new key from the operating system's generator.
    ///
    /// # Panics
    /// When the system gives no randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).expect("the operating system's random generator answers");
        Self(bytes)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The digits, to be stored where only the service can read them.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(
            self.0
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat(),
        )
    }
}

impl FromStr for SecretKey {
    type Err = MalformedSecretKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim().as_bytes();
        let mut bytes = Zeroizing::new([0; 32]);
        if digits.len() != 2 * bytes.len() {
            return Err(MalformedSecretKey);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (digit(pair[0])?, digit(pair[1])?);
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

fn digit(character: u8) -> Result<u8, MalformedSecretKey> {
    let digit = char::from(character).to_digit(16).ok_or(MalformedSecretKey)?;
    u8::try_from(digit).map_err(|_| MalformedSecretKey)
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
