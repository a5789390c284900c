//! Argon2 of other systems, in Django's form: `argon2` before the PHC string. Ours has no such prefix, because it is
//! made of the NFC form.

use argon2::Argon2;
use argon2::password_hash::phc;
use zeroize::Zeroizing;

use super::encoding::same;
use super::{Check, MIN_OUTPUT, Tools};
use crate::app::hasher::argon::{compute, read as read_phc};

struct Foreign {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    output: Vec<u8>,
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let parsed = phc::PasswordHash::new(text.strip_prefix("argon2")?).ok()?;
    let (argon2, salt, output) = read_phc(&parsed).ok()?;
    let hash = Foreign {
        argon2,
        salt: salt.to_vec(),
        output: output.as_bytes().to_vec(),
    };
    (hash.output.len() >= MIN_OUTPUT).then(|| Box::new(hash) as Box<dyn Check>)
}

/// About how long Argon2 takes, in microseconds.
pub fn micros(argon2: &Argon2<'_>) -> u64 {
    u64::from(argon2.params().m_cost()) * u64::from(argon2.params().t_cost()) * 9 / 10
}

impl Check for Foreign {
    fn micros(&self, _length: usize) -> u64 {
        micros(&self.argon2)
    }

    fn is_right(&self, spelling: &[u8], tools: &mut Tools<'_>) -> bool {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        compute(&self.argon2, spelling, &self.salt, &mut output, tools.memory).is_ok() && same(&output, &self.output)
    }
}
