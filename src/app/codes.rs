//! Generates one-time codes, reset keys and recovery keys, and computes the keyed hashes under which they are stored.
//!
//! A code is stored under a *subject*: the keyed hash of its purpose and of the account or address it belongs to. So
//! the database reveals neither codes nor the addresses they were requested for.

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use url::Url;

use super::sealing::derive;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::code::{AskedFrom, Code, KeyedHash, Purpose};
use crate::model::mail::links::recovery_link;
use crate::model::secret_key::SecretKey;
use crate::model::session::secret::SessionSecret;
use crate::model::user::email::Email;

/// Generates and checks codes of one length.
#[derive(Debug)]
pub struct Codes {
    key: hmac::Key,
    digits: u32,
    /// The page that a recovery link opens; `None` for no links.
    recovery_url: Option<Url>,
}

impl Codes {
    pub fn new(secret: &SecretKey, digits: u32, recovery_url: Option<Url>) -> anyhow::Result<Self> {
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &derive(secret, b"neptun-auth 1: one-time codes")?),
            digits,
            recovery_url,
        })
    }

    /// A new code: decimal digits, all equally likely (OWASP ASVS v5.0.0-6.5.3).
    pub fn generate(&self) -> anyhow::Result<Code> {
        let bound = 10_u64.pow(self.digits);
        // Numbers beyond the last full multiple are drawn again; otherwise small codes would be more likely than large
        // ones.
        let last_multiple = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = getrandom::u64().context("the operating system's random generator failed")?;
            if drawn < last_multiple {
                let width = usize::try_from(self.digits)?;
                return Ok(Code::new(&format!("{:0width$}", drawn % bound)));
            }
        }
    }

    /// A new reset key: 128 random bits, so it may stay valid for days where a code must expire within minutes.
    #[must_use]
    pub fn generate_reset_key() -> Code {
        Code::new(&SessionSecret::generate().reveal())
    }

    /// A new recovery key, and the link that carries it; `None` where the service mails no links.
    pub fn generate_recovery_link(&self) -> anyhow::Result<Option<(Code, Url)>> {
        let (key, link) = self.generate_recovery_key()?;
        Ok(link.map(|link| (key, link)))
    }

    /// A new recovery key, and the link that carries it where the service has a page for it.
    pub fn generate_recovery_key(&self) -> anyhow::Result<(Code, Option<Url>)> {
        let key = Self::generate_key()?;
        let link = self.recovery_url.as_ref().map(|page| recovery_link(page, key.reveal()));
        Ok((key, link))
    }

    /// A new key of 256 random bits.
    pub fn generate_key() -> anyhow::Result<Code> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).context("the operating system's random generator failed")?;
        Ok(Code::new(&BASE64.encode(bytes)))
    }

    /// The subject of a code for `purpose` that a client without a session has asked for at this address.
    #[must_use]
    pub fn address_subject(&self, purpose: Purpose, email: &Email, asked_from: AskedFrom) -> KeyedHash {
        match asked_from {
            AskedFrom::KnownPlace => self.hash(&[purpose.name(), email.canonical(), "known place"]),
            AskedFrom::Elsewhere => self.hash(&[purpose.name(), email.canonical()]),
        }
    }

    /// The subjects of the codes for `purpose` that may be valid at this address.
    #[must_use]
    pub fn address_subjects(&self, purpose: Purpose, email: &Email) -> [KeyedHash; 2] {
        [AskedFrom::KnownPlace, AskedFrom::Elsewhere].map(|from| self.address_subject(purpose, email, from))
    }

    /// The device, or without one the network, that asks for the code of `subject` for `user`.
    #[must_use]
    pub fn asker(&self, subject: &KeyedHash, user: Option<UserId>, client: &Client) -> KeyedHash {
        let is_own = client.device.is_some_and(|device| Some(device.user) == user);
        self.device_of(subject, client)
            .filter(|_| is_own)
            .unwrap_or_else(|| self.network_of(subject, client))
    }

    /// Every name under which `client` may have asked for the code of `subject`.
    #[must_use]
    pub fn possible_askers(&self, subject: &KeyedHash, client: &Client) -> Vec<KeyedHash> {
        let network = self.network_of(subject, client);
        self.device_of(subject, client).into_iter().chain([network]).collect()
    }

    fn device_of(&self, subject: &KeyedHash, client: &Client) -> Option<KeyedHash> {
        let device = client.device?;
        Some(self.hash_asker(subject, &format!("device {}", device.id)))
    }

    /// Clients whose address is not known count as one network.
    fn network_of(&self, subject: &KeyedHash, client: &Client) -> KeyedHash {
        let network = client
            .subscriber()
            .map_or_else(|| "unknown".to_owned(), |network| network.to_string());
        self.hash_asker(subject, &format!("network {network}"))
    }

    fn hash_asker(&self, subject: &KeyedHash, asker: &str) -> KeyedHash {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"asker\0");
        context.update(&subject.0);
        context.update(asker.as_bytes());
        KeyedHash(context.sign().as_ref().to_vec())
    }

    /// The subject of a code by which `user` proves to receive mail at an address. The address is stored beside the
    /// code, so that a new code for another address replaces the old one.
    #[must_use]
    pub fn proof_subject(&self, user: UserId, purpose: Purpose) -> KeyedHash {
        self.hash(&[purpose.name(), &user.0.to_string()])
    }

    /// The subject of a reset key or a recovery key. The key itself finds its row: it has too many bits to be guessed.
    #[must_use]
    pub fn key_subject(&self, key: &Code, purpose: Purpose) -> KeyedHash {
        self.hash(&[purpose.name(), key.reveal()])
    }

    /// The hash under which `code` is stored for `subject`.
    #[must_use]
    pub fn hash_code(&self, subject: &KeyedHash, code: &Code) -> KeyedHash {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"code\0");
        context.update(&subject.0);
        context.update(code.reveal().as_bytes());
        KeyedHash(context.sign().as_ref().to_vec())
    }

    /// Whether `stored` is the hash of `code` for `subject`. Takes the same time for every wrong code.
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
        Codes::new(&SecretKey::generate(), 8, None).unwrap()
    }

    #[test]
    fn codes_have_eight_digits_and_every_digit_is_equally_likely() {
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
        assert!(seen.len() > 19_950, "{} of 20,000 codes differ", seen.len());
        // 2,000 are expected of each digit. The bounds are seven standard deviations of 42 away.
        assert!(
            counts.iter().flatten().all(|count| (1_700..2_300).contains(count)),
            "{counts:?}"
        );
    }

    /// A text of another length is a wrong code, not an error.
    #[test]
    fn a_code_matches_only_for_its_own_subject() {
        let codes = codes();
        let email = Email::parse("a@example.com").unwrap();
        let user = UserId(Uuid::now_v7());
        let subject = codes.proof_subject(user, Purpose::VerifyEmail);
        let code = codes.generate().unwrap();
        let stored = codes.hash_code(&subject, &code);
        assert!(codes.matches(&subject, &code, &stored));
        assert!(!codes.matches(&subject, &Code::new(""), &stored));
        assert!(!codes.matches(&subject, &Code::new(&format!("{}0", code.reveal())), &stored));
        for other in [
            codes.proof_subject(user, Purpose::ChangeEmail),
            codes.proof_subject(UserId(Uuid::now_v7()), Purpose::VerifyEmail),
            codes.address_subject(Purpose::ResetPassword, &email, AskedFrom::Elsewhere),
            codes.address_subject(Purpose::ResetPassword, &email, AskedFrom::KnownPlace),
            codes.address_subject(Purpose::LogIn, &email, AskedFrom::Elsewhere),
        ] {
            assert!(!codes.matches(&other, &code, &stored));
        }
    }
}
