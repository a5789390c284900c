//! Digests too weak to be stored: an import with `--wrap` stores our own hash of the digest instead. Once the password
//! is right, the hash of the password itself replaces that.

use argon2::Argon2;
use argon2::password_hash::phc;
use md5::{Digest as _, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zeroize::Zeroizing;

use super::encoding::{base64, hex, push_crypt_digits, same, to_base64, to_hex};
use super::{Check, Tools, argon};
use crate::app::hasher::argon::{compute, read as read_phc};

const PREFIX: &str = "wrapped$";
const MD5_CRYPT_ROUNDS: u32 = 1000;

/// A weak digest as another system stored it: its kind, and what was digested besides the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    Md5,
    Sha1,
    /// `{SSHA}` of LDAP: SHA-1 of the password and a salt.
    SaltedSha1(Vec<u8>),
    Md5Crypt(String),
}

impl Digest {
    /// Reads a digest, and the text that `Digest::of` makes of the right password.
    #[must_use]
    pub fn read(text: &str) -> Option<(Self, Zeroizing<String>)> {
        let lower = text.to_ascii_lowercase();
        if hex(&lower).is_some_and(|bytes| bytes.len() == 16) {
            return Some((Self::Md5, Zeroizing::new(lower)));
        }
        if hex(&lower).is_some_and(|bytes| bytes.len() == 20) {
            return Some((Self::Sha1, Zeroizing::new(lower)));
        }
        if let Some(rest) = text.strip_prefix("{SSHA}") {
            let bytes = base64(rest)?;
            let (output, salt) = bytes.split_at_checked(20)?;
            return Some((Self::SaltedSha1(salt.to_vec()), Zeroizing::new(to_hex(output))));
        }
        let (salt, output) = text.strip_prefix("$1$")?.split_once('$')?;
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
        let is_whole = salt.len() <= 8 && output.len() == 22 && salt.bytes().chain(output.bytes()).all(is_digit);
        is_whole.then(|| (Self::Md5Crypt(salt.to_owned()), Zeroizing::new(output.to_owned())))
    }

    /// The stored text, given our own hash of the digest.
    #[must_use]
    pub fn wrap(&self, own: &str) -> String {
        match self {
            Self::Md5 => format!("{PREFIX}md5${own}"),
            Self::Sha1 => format!("{PREFIX}sha1${own}"),
            Self::SaltedSha1(salt) => format!("{PREFIX}ssha:{}${own}", to_base64(salt)),
            Self::Md5Crypt(salt) => format!("{PREFIX}md5-crypt:{salt}${own}"),
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name.split_once(':') {
            None if name == "md5" => Self::Md5,
            None if name == "sha1" => Self::Sha1,
            Some(("ssha", salt)) => Self::SaltedSha1(base64(salt)?),
            Some(("md5-crypt", salt)) => Self::Md5Crypt(salt.to_owned()),
            _ => return None,
        })
    }

    fn of(&self, password: &[u8]) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Md5 => to_hex(&Md5::digest(password)),
            Self::Sha1 => to_hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, password).as_ref()),
            Self::SaltedSha1(salt) => {
                let salted = Zeroizing::new([password, salt].concat());
                to_hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &salted).as_ref())
            }
            Self::Md5Crypt(salt) => md5_crypt(password, salt.as_bytes()),
        })
    }
}

struct Wrapped {
    digest: Digest,
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    output: Vec<u8>,
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let (name, own) = text.strip_prefix(PREFIX)?.split_once('$')?;
    let parsed = phc::PasswordHash::new(own).ok()?;
    let (argon2, salt, output) = read_phc(&parsed).ok()?;
    Some(Box::new(Wrapped {
        digest: Digest::named(name)?,
        argon2,
        salt: salt.to_vec(),
        output: output.as_bytes().to_vec(),
    }))
}

impl Check for Wrapped {
    fn micros(&self, length: usize) -> u64 {
        let blocks = 1 + u64::try_from(length / 64).unwrap_or(u64::MAX);
        argon::micros(&self.argon2) + u64::from(MD5_CRYPT_ROUNDS) * blocks / 2
    }

    fn is_right(&self, spelling: &[u8], tools: &mut Tools<'_>) -> bool {
        let digest = self.digest.of(spelling);
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        compute(&self.argon2, digest.as_bytes(), &self.salt, &mut output, tools.memory).is_ok()
            && same(&output, &self.output)
    }
}

/// `crypt` with MD5, as FreeBSD defined it.
fn md5_crypt(password: &[u8], salt: &[u8]) -> String {
    let inner = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut start = Md5::new()
        .chain_update(password)
        .chain_update(b"$1$")
        .chain_update(salt);
    start.update(inner.iter().copied().cycle().take(password.len()).collect::<Vec<_>>());
    let mut length = password.len();
    while length > 0 {
        let zero = [0];
        start.update(if length & 1 == 1 { &zero } else { &password[..1] });
        length >>= 1;
    }
    let mut digest = start.finalize();
    for round in 0..MD5_CRYPT_ROUNDS {
        let mut next = Md5::new();
        // The password begins the odd rounds and ends the even ones.
        let (first, last) = if round % 2 == 1 {
            (password, &digest[..])
        } else {
            (&digest[..], password)
        };
        next.update(first);
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(last);
        digest = next.finalize();
    }
    let mut text = String::with_capacity(22);
    for [high, middle, low] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        let value = u32::from(digest[high]) << 16 | u32::from(digest[middle]) << 8 | u32::from(digest[low]);
        push_crypt_digits(&mut text, value, 4);
    }
    push_crypt_digits(&mut text, u32::from(digest[11]), 2);
    text
}
