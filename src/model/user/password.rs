//! Passwords: what is accepted as a new one, and how plain text is kept from leaking.

use std::collections::HashSet;
use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::email::Email;

/// A password as it will be hashed: NFC-normalised (NIST SP 800-63B-4, 3.1.1.2), otherwise exactly as received. Hashes
/// of other systems were made of other forms, so the text as received is kept beside it. Both are wiped from memory
/// when dropped and never printed.
#[derive(Clone)]
pub struct Password {
    nfc: Zeroizing<String>,
    /// The text as received; `None` if it was in NFC.
    raw: Option<Zeroizing<String>>,
}

impl Password {
    /// Longest password in code points; bounds the work that one request can cause.
    pub const MAX_LENGTH: usize = 256;

    /// Longest text that is normalised, in bytes. Canonical composition makes at most four code points of at most four
    /// bytes each into one, so that a longer text has more than [`Self::MAX_LENGTH`] code points in any form.
    const MAX_BYTES: usize = Self::MAX_LENGTH * 4 * 4;

    /// Normalises `raw`, unless it is too long for any password. Then it stays as it is, and [`Self::length`] says so.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let nfc: Zeroizing<String> = Zeroizing::new(if raw.len() > Self::MAX_BYTES {
            raw.to_owned()
        } else {
            raw.nfc().collect()
        });
        let raw = (*nfc != raw).then(|| Zeroizing::new(raw.to_owned()));
        Self { nfc, raw }
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.nfc.as_bytes()
    }

    /// What another system may have hashed: the text as received and, if that is another one, its NFC form.
    #[must_use]
    pub fn spellings(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let spellings = self.raw.iter().chain([&self.nfc]);
        spellings.map(|text| Zeroizing::new(text.as_bytes().to_vec())).collect()
    }

    /// The NFKC form, which better-auth hashes. A form that would be longer than any password is left as it is.
    #[must_use]
    pub fn nfkc(&self) -> Zeroizing<Vec<u8>> {
        if self.nfc.len() > Self::MAX_BYTES {
            return Zeroizing::new(self.as_bytes().to_vec());
        }
        let text: Zeroizing<String> = Zeroizing::new(self.nfc.nfkc().collect());
        Zeroizing::new(text.as_bytes().to_vec())
    }

    /// Length in Unicode code points.
    #[must_use]
    pub fn length(&self) -> usize {
        self.nfc.chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A stored password hash: a PHC string of ours, or the text of another system. It can't be used to log in, but it is
/// still secret.
#[derive(Clone, PartialEq, Eq, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Why a new password is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeakPassword {
    TooShort { minimum: usize },
    TooLong,
    SameAsEmail,
    TooCommon,
}

/// The new password is in a list of breached ones.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the password is known from a breach of another service")]
pub struct BreachedPassword;

/// The rules for new passwords. There are no composition rules (OWASP ASVS v5.0.0-6.2.5).
#[derive(Debug)]
pub struct PasswordPolicy {
    minimum: usize,
    common: HashSet<&'static str>,
}

/// Passwords that attackers try first, lower-cased (OWASP ASVS v5.0.0-6.2.4).
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

impl PasswordPolicy {
    /// Default minimum length in code points.
    pub const DEFAULT_MINIMUM: usize = 8;

    /// Minimum length of a new password in code points.
    #[must_use]
    pub fn minimum(&self) -> usize {
        self.minimum
    }

    /// A policy that asks for at least `minimum` code points.
    #[must_use]
    pub fn new(minimum: usize) -> Self {
        Self {
            minimum,
            common: COMMON_PASSWORDS.lines().collect(),
        }
    }

    /// Checks a new password for the account of `email`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, password: &Password, email: Option<&Email>) -> Result<(), WeakPassword> {
        let length = password.length();
        if length < self.minimum {
            return Err(WeakPassword::TooShort { minimum: self.minimum });
        }
        if length > Password::MAX_LENGTH {
            return Err(WeakPassword::TooLong);
        }
        let lowered = Zeroizing::new(password.nfc.to_lowercase());
        if email.is_some_and(|email| is_address(&lowered, email)) {
            return Err(WeakPassword::SameAsEmail);
        }
        if self.common.contains(lowered.as_str()) {
            return Err(WeakPassword::TooCommon);
        }
        Ok(())
    }
}

fn is_address(lowered: &str, email: &Email) -> bool {
    lowered == email.canonical() || lowered == email.typed().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str) -> Result<(), WeakPassword> {
        let email = Email::parse("Jane@Example.com").unwrap();
        PasswordPolicy::new(8).check(&Password::new(raw), Some(&email))
    }

    #[test]
    fn the_published_samples_are_accepted() {
        assert_eq!(check("yourpassword"), Ok(()));
        assert_eq!(check("SecurePass123!"), Ok(()));
    }

    #[test]
    fn length_counts_code_points_after_normalisation() {
        assert_eq!(check("1x3y5z7"), Err(WeakPassword::TooShort { minimum: 8 }));
        assert_eq!(check("🦀🦀🦀🦀🦀🦀🦀🐙"), Ok(()));
        // Eight code points as typed, seven once composed.
        assert_eq!(check("e\u{301}bcdefg"), Err(WeakPassword::TooShort { minimum: 8 }));
        assert_eq!(check(&"é".repeat(256)), Ok(()));
        assert_eq!(check(&"é".repeat(257)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn a_text_too_long_for_a_password_is_not_normalised() {
        // The most bytes that compose to 256 code points: each is a letter with three marks.
        let letter = "\u{3b1}\u{314}\u{300}\u{345}";
        assert_eq!(Password::new(letter).length(), 1);
        assert_eq!(check(&letter.repeat(256)), Ok(()));
        assert_eq!(check(&letter.repeat(257)), Err(WeakPassword::TooLong));
        let beyond = "e\u{301}".repeat(Password::MAX_BYTES / 3 + 1);
        assert_eq!(Password::new(&beyond).as_bytes(), beyond.as_bytes());
        assert_eq!(check(&beyond), Err(WeakPassword::TooLong));
    }

    #[test]
    fn any_characters_are_accepted_and_none_is_trimmed() {
        assert_eq!(check("        "), Ok(()));
        assert_ne!(Password::new("secret ").as_bytes(), Password::new("secret").as_bytes());
        assert_ne!(Password::new("ﬁnance").as_bytes(), Password::new("finance").as_bytes());
    }

    #[test]
    fn the_text_as_received_is_kept_beside_its_normal_form() {
        let spellings = |raw: &str| {
            let bytes = Password::new(raw).spellings().into_iter();
            bytes
                .map(|one| String::from_utf8(one.to_vec()).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(spellings("caf\u{e9}"), ["caf\u{e9}"]);
        assert_eq!(spellings("cafe\u{301}"), ["cafe\u{301}", "caf\u{e9}"]);
        assert_eq!(
            Password::new("cafe\u{301}\u{b2}").nfkc().as_slice(),
            "caf\u{e9}2".as_bytes()
        );
        assert_eq!(format!("{:?}", Password::new("cafe\u{301}")), "Password(…)");
    }

    #[test]
    fn common_passwords_and_the_address_itself_are_refused() {
        assert_eq!(check("password1"), Err(WeakPassword::TooCommon));
        assert_eq!(check("PassWord1"), Err(WeakPassword::TooCommon));
        assert_eq!(check("jane@EXAMPLE.com"), Err(WeakPassword::SameAsEmail));
    }

    #[test]
    fn secrets_are_not_printed() {
        let shown = format!(
            "{:?} {:?}",
            Password::new("hunter2hunter2"),
            PasswordHash("$argon2id$".into())
        );
        assert_eq!(shown, "Password(…) PasswordHash(…)");
    }
}
