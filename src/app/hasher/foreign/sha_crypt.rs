//! `crypt` of the C library with SHA-256 (`$5$`) and SHA-512 (`$6$`).

use ::sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};

use super::encoding::number;
use super::{Check, Tools};

const ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;
const DEFAULT_ROUNDS: u32 = 5_000;
const MAX_SALT: usize = 16;

struct ShaCryptHash {
    rounds: u32,
    text: String,
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let length = if text.starts_with("$5$") { 43 } else { 86 };
    let rest = text.strip_prefix("$5$").or_else(|| text.strip_prefix("$6$"))?;
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$')?;
            (number(rounds)?, rest)
        }
        None => (DEFAULT_ROUNDS, rest),
    };
    let (salt, output) = rest.split_once('$')?;
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    let is_whole = output.len() == length && output.bytes().all(is_digit) && salt.len() <= MAX_SALT;
    (is_whole && ROUNDS.contains(&rounds)).then(|| {
        Box::new(ShaCryptHash {
            rounds,
            text: text.to_owned(),
        }) as Box<dyn Check>
    })
}

impl Check for ShaCryptHash {
    fn micros(&self, length: usize) -> u64 {
        // Each round hashes the password, so its blocks count.
        let blocks = 1 + u64::try_from(length / 64).unwrap_or(u64::MAX);
        u64::from(self.rounds) * blocks
    }

    fn is_right(&self, spelling: &[u8], _tools: &mut Tools<'_>) -> bool {
        let hash = PasswordHashRef::new(&self.text);
        hash.is_ok_and(|hash| ShaCrypt::default().verify_password(spelling, hash).is_ok())
    }
}
