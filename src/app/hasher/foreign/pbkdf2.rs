//! PBKDF2: Django, passlib, werkzeug (Flask), and Keycloak in passlib's form.

use std::num::NonZeroU32;

use ring::pbkdf2::{self, Algorithm};

use super::encoding::{base64, hex, number, passlib_base64};
use super::{Check, MIN_OUTPUT, Tools};

/// At this number a check with SHA-256 takes eight seconds.
const MAX_ITERATIONS: u32 = 10_000_000;
const MAX_OUTPUT: usize = 128;

struct Pbkdf2 {
    algorithm: Algorithm,
    /// Bytes that one round of all iterations makes.
    digest: usize,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let parts: Vec<_> = text.split('$').collect();
    let read = match parts.as_slice() {
        [
            name @ ("pbkdf2_sha256" | "pbkdf2_sha1" | "pbkdf2_sha512"),
            iterations,
            salt,
            output,
        ] => of(
            name.strip_prefix("pbkdf2_")?,
            iterations,
            salt.as_bytes().to_vec(),
            base64(output)?,
        ),
        ["", "pbkdf2", iterations, salt, output] => {
            of("sha1", iterations, passlib_base64(salt)?, passlib_base64(output)?)
        }
        ["", name @ ("pbkdf2-sha256" | "pbkdf2-sha512"), iterations, salt, output] => of(
            name.strip_prefix("pbkdf2-")?,
            iterations,
            passlib_base64(salt)?,
            passlib_base64(output)?,
        ),
        [method, salt, output] => {
            let (digest, iterations) = method.strip_prefix("pbkdf2:")?.split_once(':')?;
            of(digest, iterations, salt.as_bytes().to_vec(), hex(output)?)
        }
        _ => None,
    };
    read.map(|hash| Box::new(hash) as Box<dyn Check>)
}

fn of(digest: &str, iterations: &str, salt: Vec<u8>, output: Vec<u8>) -> Option<Pbkdf2> {
    let (algorithm, digest) = match digest {
        "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        "sha256" => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        "sha512" => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
        _ => return None,
    };
    let iterations = NonZeroU32::new(number(iterations)?).filter(|count| count.get() <= MAX_ITERATIONS)?;
    (MIN_OUTPUT..=MAX_OUTPUT).contains(&output.len()).then_some(Pbkdf2 {
        algorithm,
        digest,
        iterations,
        salt,
        output,
    })
}

impl Check for Pbkdf2 {
    fn micros(&self, _length: usize) -> u64 {
        let rounds = u64::try_from(self.output.len().div_ceil(self.digest)).unwrap_or(u64::MAX);
        u64::from(self.iterations.get()) * 4 / 5 * rounds
    }

    fn is_right(&self, spelling: &[u8], _tools: &mut Tools<'_>) -> bool {
        pbkdf2::verify(self.algorithm, self.iterations, &self.salt, spelling, &self.output).is_ok()
    }
}
