//! Password hashes that other systems made: verified until their owners' first log-in, which stores one of ours.
//!
//! One file a family. Each reads the texts of its systems, refuses what would cost too much, and checks a password. A
//! text that no family reads is a hash that no password is right for.
//!
//! What systems hashed differs: most hashed the bytes as typed, some a normalised form. So a check tries the password
//! as it was received first, and then in NFC.

mod argon;
mod bcrypt;
mod encoding;
mod firebase;
mod keycloak;
mod pbkdf2;
mod phpass;
mod scrypt;
mod sha_crypt;
mod wrapped;

use std::time::Duration;

use zeroize::Zeroizing;

use super::slots::Memory;
use crate::model::user::password::{Password, PasswordHash};
pub use firebase::Parameters as FirebaseParameters;
pub use keycloak::read_credential as read_keycloak_credential;
pub use wrapped::Digest;

/// Longest text of a stored hash. The longest of those that the families know has some 300 bytes.
const MAX_TEXT: usize = 1024;
/// Shortest output in bytes: a shorter one would be right for passwords that were never set.
const MIN_OUTPUT: usize = 16;
/// Longest time that one check may take on one of today's cores.
const MAX_COST: Duration = Duration::from_secs(10);
/// About how long a hash of ours takes.
const OUR_COST: Duration = Duration::from_millis(35);

/// What some systems mix into their hashes and do not store beside them.
#[derive(Default)]
pub struct ForeignSecrets {
    /// Devise appends it to the password.
    pub pepper: Option<Zeroizing<String>>,
    /// Firebase encrypts it with what it derives from the password.
    pub firebase_signer_key: Option<Zeroizing<Vec<u8>>>,
}

/// A foreign hash that was read and is within the bounds.
pub(super) struct ForeignHash(Box<dyn Check>);

/// One hash of a family.
trait Check: Send {
    /// About how long it takes to check `length` bytes on one core, in microseconds.
    fn micros(&self, length: usize) -> u64;

    /// Whether this is the password, in one of its spellings.
    fn is_right(&self, spelling: &[u8], tools: &mut Tools<'_>) -> bool;

    /// The spellings to try, one after the other.
    fn spellings(&self, password: &Password) -> Vec<Zeroizing<Vec<u8>>> {
        password.spellings()
    }
}

/// What checks need besides the password.
pub(super) struct Tools<'t> {
    pub secrets: &'t ForeignSecrets,
    pub memory: &'t mut Memory,
}

impl ForeignHash {
    /// Reads a stored text; `None` when no family knows it, or its parameters are beyond the bounds.
    pub(super) fn read(stored: &PasswordHash) -> Option<Self> {
        let text = stored.0.as_str();
        if text.len() > MAX_TEXT || !text.is_ascii() {
            return None;
        }
        let check = bcrypt::read(text)
            .or_else(|| pbkdf2::read(text))
            .or_else(|| scrypt::read(text))
            .or_else(|| argon::read(text))
            .or_else(|| sha_crypt::read(text))
            .or_else(|| phpass::read(text))
            .or_else(|| firebase::read(text))
            .or_else(|| wrapped::read(text))?;
        (Duration::from_micros(check.micros(0)) <= MAX_COST).then_some(Self(check))
    }

    /// How many hashes of ours take as long as checking `password`; at least one.
    pub(super) fn weight(&self, password: &Password) -> usize {
        let spellings = self.0.spellings(password);
        let micros: u64 = spellings.iter().map(|one| self.0.micros(one.len())).sum();
        let weight = Duration::from_micros(micros).as_micros() / OUR_COST.as_micros();
        usize::try_from(weight).unwrap_or(usize::MAX).max(1)
    }

    /// Whether `password` is right in any of its spellings.
    pub(super) fn is_right(&self, password: &Password, tools: &mut Tools<'_>) -> bool {
        let mut spellings = self.0.spellings(password).into_iter();
        spellings.any(|one| Duration::from_micros(self.0.micros(one.len())) <= MAX_COST && self.0.is_right(&one, tools))
    }
}

/// The text under which an imported hash is stored; `None` when the service could not verify it.
#[must_use]
pub fn to_store(imported: &str) -> Option<PasswordHash> {
    let text = imported.trim();
    let text = if text.starts_with("$argon2") {
        // Without the prefix it would be taken for one of ours, which are made of the NFC form.
        format!("argon2{text}")
    } else {
        text.to_owned()
    };
    let stored = PasswordHash(text);
    ForeignHash::read(&stored).map(|_| stored)
}

/// As [`to_store`], for a bcrypt hash of a password and the pepper of the service.
#[must_use]
pub fn to_store_with_pepper(imported: &str) -> Option<PasswordHash> {
    let stored = PasswordHash(format!("{}{}", bcrypt::PEPPER, imported.trim()));
    ForeignHash::read(&stored).map(|_| stored)
}

impl std::fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForeignHash(…)")
    }
}

impl std::fmt::Debug for ForeignSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ForeignSecrets")
            .field("pepper", &self.pepper.is_some())
            .field("firebase_signer_key", &self.firebase_signer_key.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;
