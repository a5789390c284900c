//! Makes one-time codes and recognises them.

use anyhow::Context;
use ring::hmac;

use super::sealing::derive;
use crate::model::id::UserId;
use crate::model::mail::code::{Code, KeyedHash, Purpose};
use crate::model::secret_key::SecretKey;
use crate::model::session::secret::SessionSecret;
use crate::model::user::email::Email;

/// Codes of a fixed number of digits.
#[derive(Debug)]
pub struct Codes {
    key: hmac::Key,
    digits: u32,
}

impl Codes {
    pub fn new(secret: &SecretKey, digits: u32) -> anyhow::Result<Self> {
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &derive(secret, b"neptun-auth 1: one-time codes")?),
            digits,
        })
    }

    /// A new code: decimal digits, all equally likely (OWASP ASVS v5.0.0-6.5.3).
    pub fn generate(&self) -> anyhow::Result<Code> {
        let bound = 10_u64.pow(self.digits);
        // Numbers beyond the last full multiple are drawn again, otherwise small codes would be more likely.
        let last_multiple = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = getrandom::u64().context("the operating system's random generator")?;
            if drawn < last_multiple {
                let width = usize::try_from(self.digits)?;
                return Ok(Code::new(&format!("{:0width$}", drawn % bound)));
            }
        }
    }

    /// A key of 128 bits, for links that live longer than a code can.
    #[must_use]
    pub fn generate_token() -> Code {
        Code::new(&SessionSecret::generate().reveal())
    }

    /// The stored name of a password reset for the account that `email` belongs to.
    #[must_use]
    pub fn reset_of(&self, email: &Email) -> KeyedHash {
        self.hash(&[Purpose::ResetPassword.name(), email.canonical()])
    }

    /// The stored name of the proof that `user` receives mail at an address; the address is stored beside it.
    #[must_use]
    pub fn proof_by(&self, user: UserId, purpose: Purpose) -> KeyedHash {
        self.hash(&[purpose.name(), &user.0.to_string()])
    }

    /// The stored name of the restore that `token` allows.
    #[must_use]
    pub fn restore_by(&self, token: &Code) -> KeyedHash {
        self.hash(&[Purpose::RestoreEmail.name(), token.reveal()])
    }

    /// The stored hash of `code`, a code of `subject`.
    #[must_use]
    pub fn hash_code(&self, subject: &KeyedHash, code: &Code) -> KeyedHash {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"code\0");
        context.update(&subject.0);
        context.update(code.reveal().as_bytes());
        KeyedHash(context.sign().as_ref().to_vec())
    }

    /// Whether `code` matches the hash `stored`; takes the same time for every wrong code.
    #[must_use]
    pub fn matches(&self, subject: &KeyedHash, code: &Code, stored: &KeyedHash) -> bool {
        let mut message = b"code\0".to_vec();
        message.extend_from_slice(&subject.0);
        message.extend_from_slice(code.reveal().as_bytes());
        hmac::verify(&self.key, &message, &stored.0).is_ok()
    }

    fn hash(&self, parts: &[&str]) -> KeyedHash {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"subject");
        for part in parts {
            // No part can contain this byte, so two different lists of parts never give the same message.
            context.update(b"\0");
            context.update(part.as_bytes());
        }
        KeyedHash(context.sign().as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    fn codes() -> Codes {
        Codes::new(&SecretKey::generate(), 8).unwrap()
    }

    #[test]
    fn codes_have_eight_digits_that_are_all_as_likely() {
        let codes = codes();
        let mut counts = [[0_u32; 10]; 8];
        let mut seen = HashSet::new();
        for _ in 0..20_000 {
            let code = codes.generate().unwrap();
            assert_eq!(code.reveal().len(), 8);
            for (place, digit) in code.reveal().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
            seen.insert(code.reveal().to_owned());
        }
        assert!(seen.len() > 19_950, "codes repeat");
        // 2,000 expected; seven standard deviations of 42 either way.
        assert!(
            counts.iter().flatten().all(|count| (1_700..2_300).contains(count)),
            "{counts:?}"
        );
    }

    /// Also for V28 of the threat list: texts of other lengths are wrong codes and nothing else.
    #[test]
    fn a_code_is_right_for_its_subject_only() {
        let codes = codes();
        let email = Email::parse("a@example.com").unwrap();
        let user = UserId(Uuid::now_v7());
        let subject = codes.proof_by(user, Purpose::VerifyEmail);
        let code = codes.generate().unwrap();
        let stored = codes.hash_code(&subject, &code);
        assert!(codes.matches(&subject, &code, &stored));
        assert!(!codes.matches(&subject, &Code::new(""), &stored));
        assert!(!codes.matches(&subject, &Code::new(&format!("{}0", code.reveal())), &stored));
        for other in [
            codes.proof_by(user, Purpose::ChangeEmail),
            codes.proof_by(UserId(Uuid::now_v7()), Purpose::VerifyEmail),
            codes.reset_of(&email),
        ] {
            assert!(!codes.matches(&other, &code, &stored));
        }
    }
}
