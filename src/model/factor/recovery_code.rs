//! Recovery codes: a set of secrets on paper, for the day when the authenticator app is lost. Each works once.

use std::fmt;

use chrono::{DateTime, Utc};

/// Number of codes in a set.
pub const SET_SIZE: usize = 10;

/// Without 0, 1, I and O, which people mistake for each other.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LETTERS: usize = 12;
const GROUP: usize = 4;

/// A code of 60 random bits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecoveryCode(String);

/// The text is not a recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a recovery code")]
pub struct MalformedRecoveryCode;

impl RecoveryCode {
    /// Number of random bytes that one code is made of.
    pub const RANDOM_BYTES: usize = LETTERS;

    /// The code of these random bytes. The alphabet has 32 letters, so five bits of each byte choose one, all equally
    /// likely.
    #[must_use]
    pub fn of_random(bytes: [u8; Self::RANDOM_BYTES]) -> Self {
        Self(
            bytes
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
                .collect(),
        )
    }

    /// Reads a code as a person types it: in either case, with or without the hyphens.
    ///
    /// # Errors
    /// [`MalformedRecoveryCode`].
    pub fn parse(text: &str) -> Result<Self, MalformedRecoveryCode> {
        let letters: String = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .map(|character| character.to_ascii_uppercase())
            .collect();
        let is_code = letters.len() == LETTERS && letters.bytes().all(|letter| ALPHABET.contains(&letter));
        is_code.then_some(Self(letters)).ok_or(MalformedRecoveryCode)
    }

    /// The letters alone, which are hashed.
    #[must_use]
    pub fn letters(&self) -> &str {
        &self.0
    }

    /// The text to show, in groups of four.
    #[must_use]
    pub fn reveal(&self) -> String {
        let groups: Vec<_> = self.0.as_bytes().chunks(GROUP).map(String::from_utf8_lossy).collect();
        groups.join("-")
    }
}

/// A set of codes as the account's owner sees it.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ListedRecoveryCodes {
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Number of codes that were not used.
    pub remaining: i64,
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_code_has_60_bits_and_no_ambiguous_letters() {
        let letters: HashSet<_> = ALPHABET.iter().collect();
        assert_eq!(letters.len(), 32);
        assert!(!ALPHABET.iter().any(|letter| b"01IOio".contains(letter)));
        assert_eq!(LETTERS * 5, 60);
        let all = (0_u8..=255).map(|byte| RecoveryCode::of_random([byte; 12]));
        assert_eq!(all.collect::<HashSet<_>>().len(), 32);
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode::of_random([0, 1, 2, 3, 4, 5, 28, 29, 30, 31, 32, 255]);
        assert_eq!(code.reveal(), "2345-67WX-YZ2Z");
        for text in ["2345-67WX-YZ2Z", " 2345 67wx yz2z ", "234567wxyz2z", "23-4567wx-yz2z"] {
            assert_eq!(RecoveryCode::parse(text).as_ref(), Ok(&code), "{text}");
        }
        for text in [
            "",
            "2345-67WX-YZ2",
            "2345-67WX-YZ2ZZ",
            "0345-67WX-YZ2Z",
            "I345-67WX-YZ2Z",
            "2345_67WX_YZ2Z",
            "ß345-67WX-YZ2Z",
        ] {
            assert_eq!(RecoveryCode::parse(text), Err(MalformedRecoveryCode), "{text}");
        }
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }
}
