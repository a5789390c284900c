//! bcrypt: Laravel, Devise, Auth0, Clerk, Supabase, `PocketBase` and many others; with a hash of the password first in
//! Django, passlib and `WordPress`.

use ring::{digest, hmac};
use zeroize::Zeroizing;

use super::encoding::{bcrypt_base64, to_base64, to_hex};
use super::{Check, Tools};

/// Stands before hashes of a password and the pepper.
pub const PEPPER: &str = "pepper$";
/// At 15 a check takes two and a half seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=15;

/// What bcrypt was given.
enum Given {
    Password,
    /// The password and, right behind it, the pepper of the service (Devise).
    Peppered,
    /// The digits of the password's SHA-256 (Django).
    Sha256Hex,
    /// The Base64 of an HMAC of the password under the salt's text (passlib, version 2).
    HmacUnderSalt {
        salt: String,
    },
    /// The Base64 of an HMAC of the trimmed password under a fixed key (`WordPress`).
    WordPress,
}

struct Bcrypt {
    given: Given,
    cost: u32,
    /// In the form `$2b$12$…`.
    text: String,
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let (given, text) = if let Some(rest) = text.strip_prefix("bcrypt_sha256$") {
        (Given::Sha256Hex, rest.to_owned())
    } else if let Some(rest) = text.strip_prefix("bcrypt$") {
        (Given::Password, rest.to_owned())
    } else if let Some(rest) = text.strip_prefix(PEPPER) {
        (Given::Peppered, rest.to_owned())
    } else if let Some(rest) = text.strip_prefix("$wp") {
        (Given::WordPress, rest.to_owned())
    } else if let Some(rest) = text.strip_prefix("$bcrypt-sha256$v=2,t=2b,r=") {
        from_passlib(rest)?
    } else {
        (Given::Password, text.to_owned())
    };
    let cost = cost(&text)?;
    Some(Box::new(Bcrypt { given, cost, text }))
}

fn from_passlib(rest: &str) -> Option<(Given, String)> {
    let mut parts = rest.split('$');
    let (cost, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
    let cost: u32 = cost.parse().ok()?;
    let given = Given::HmacUnderSalt { salt: salt.to_owned() };
    (salt.len() == 22 && parts.next().is_none()).then(|| (given, format!("$2b${cost:02}${salt}{output}")))
}

/// The cost of a text in the form `$2b$12$`, 22 characters of salt and 31 of output; `None` for any other text.
fn cost(text: &str) -> Option<u32> {
    let rest = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .find_map(|kind| text.strip_prefix(kind))?;
    let (cost, body) = rest.split_once('$')?;
    let cost = (cost.len() == 2).then(|| cost.parse().ok())??;
    let (salt, output) = (body.len() == 53).then(|| body.split_at(22))?;
    let is_whole = bcrypt_base64(salt)?.len() == 16 && bcrypt_base64(output)?.len() == 23;
    (is_whole && COSTS.contains(&cost)).then_some(cost)
}

impl Check for Bcrypt {
    fn micros(&self, _length: usize) -> u64 {
        75 << self.cost
    }

    fn is_right(&self, spelling: &[u8], tools: &mut Tools<'_>) -> bool {
        let given = match &self.given {
            Given::Password => Zeroizing::new(spelling.to_vec()),
            Given::Peppered => {
                let Some(pepper) = &tools.secrets.pepper else {
                    return false;
                };
                Zeroizing::new([spelling, pepper.as_bytes()].concat())
            }
            Given::Sha256Hex => {
                let digest = digest::digest(&digest::SHA256, spelling);
                Zeroizing::new(to_hex(digest.as_ref()).into_bytes())
            }
            Given::HmacUnderSalt { salt } => hmac_base64(hmac::HMAC_SHA256, salt.as_bytes(), spelling),
            Given::WordPress => hmac_base64(hmac::HMAC_SHA384, b"wp-sha384", trimmed(spelling)),
        };
        // The C libraries stop at a NUL, so no hash of theirs was made of a password that has one.
        !given.contains(&0) && ::bcrypt::verify(given.as_slice(), &self.text).unwrap_or(false)
    }
}

fn hmac_base64(algorithm: hmac::Algorithm, key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>> {
    let tag = hmac::sign(&hmac::Key::new(algorithm, key), text);
    Zeroizing::new(to_base64(tag.as_ref()).into_bytes())
}

/// Without what PHP's `trim` takes away.
fn trimmed(text: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !b" \n\r\t\x0b\0".contains(byte);
    let Some(first) = text.iter().position(is_kept) else {
        return &[];
    };
    let last = text.iter().rposition(is_kept).unwrap_or(first);
    &text[first..=last]
}
