//! phpass: `WordPress` before 6.8 (`$P$`) and `phpBB` (`$H$`). MD5, repeated.

use md5::{Digest, Md5};

use super::encoding::{crypt_digit, push_crypt_digits, same};
use super::{Check, Tools};

const LOG_ROUNDS: std::ops::RangeInclusive<u32> = 7..=20;

struct Phpass {
    log_rounds: u32,
    salt: [u8; 8],
    output: String,
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let rest = text.strip_prefix("$P$").or_else(|| text.strip_prefix("$H$"))?;
    let (head, output) = (rest.len() == 31).then(|| rest.split_at(9))?;
    let (log_rounds, salt) = head.as_bytes().split_first()?;
    let hash = Phpass {
        log_rounds: crypt_digit(*log_rounds)?,
        salt: salt.try_into().ok()?,
        output: output.to_owned(),
    };
    LOG_ROUNDS
        .contains(&hash.log_rounds)
        .then(|| Box::new(hash) as Box<dyn Check>)
}

impl Check for Phpass {
    fn micros(&self, length: usize) -> u64 {
        let blocks = 1 + u64::try_from(length / 64).unwrap_or(u64::MAX);
        ((1_u64 << self.log_rounds) * blocks).div_ceil(4)
    }

    fn is_right(&self, spelling: &[u8], _tools: &mut Tools<'_>) -> bool {
        let mut digest = Md5::new().chain_update(self.salt).chain_update(spelling).finalize();
        for _ in 0..1_u32 << self.log_rounds {
            digest = Md5::new().chain_update(digest).chain_update(spelling).finalize();
        }
        let mut output = String::with_capacity(22);
        for bytes in digest.chunks(3) {
            let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            push_crypt_digits(&mut output, value, bytes.len() + 1);
        }
        same(output.as_bytes(), self.output.as_bytes())
    }
}
