//! scrypt: Django, better-auth, `AdonisJS` (which nuxt-auth-utils uses), passlib and werkzeug (Flask).

use scrypt::Params;
use zeroize::Zeroizing;

use super::encoding::{base64, hex, number, passlib_base64, same};
use super::{Check, MIN_OUTPUT, Tools};
use crate::model::user::password::Password;

/// Most memory in bytes: what passlib takes by default.
const MAX_MEMORY: u64 = 64 * 1024 * 1024;
const MAX_LANES: u32 = 16;
const MAX_OUTPUT: usize = 128;

pub struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
    /// better-auth hashes the NFKC form and nothing else.
    is_nfkc: bool,
}

/// Parameters within the bounds; `None` for all others.
pub fn params(log_n: u32, r: u32, p: u32) -> Option<Params> {
    let memory = 128_u64
        .checked_mul(u64::from(r))?
        .checked_mul(1_u64.checked_shl(log_n)?)?;
    let is_bounded = (1..=24).contains(&log_n) && memory <= MAX_MEMORY && (1..=MAX_LANES).contains(&p);
    is_bounded.then(|| Params::new(u8::try_from(log_n).ok()?, r, p).ok())?
}

/// About how long scrypt takes, in microseconds.
pub fn micros(params: &Params) -> u64 {
    (u64::from(params.r()) << params.log_n()) * u64::from(params.p()) / 3
}

pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let parts: Vec<_> = text.split('$').collect();
    let hash = match parts.as_slice() {
        // Django: N, salt, r, p, output.
        ["scrypt", n, salt, r, p, output] => of(log2(n)?, r, p, salt.as_bytes().to_vec(), base64(output)?),
        ["", "scrypt", options, salt, output] => {
            let (cost, r, p) = options_of(options)?;
            let log_n = cost
                .strip_prefix("ln=")
                .map_or_else(|| log2(cost.strip_prefix("n=")?), number)?;
            // The one has `.`, the other `+`, and neither has both.
            let decode = if cost.starts_with("ln=") {
                passlib_or_standard
            } else {
                base64
            };
            of(log_n, r, p, decode(salt)?, decode(output)?)
        }
        [method, salt, output] => {
            let mut costs = method.strip_prefix("scrypt:")?.split(':');
            let (n, r, p) = (costs.next()?, costs.next()?, costs.next()?);
            let hash = of(log2(n)?, r, p, salt.as_bytes().to_vec(), hex(output)?);
            hash.filter(|_| costs.next().is_none())
        }
        [pair] => of_better_auth(pair),
        _ => None,
    };
    hash.map(|hash| Box::new(hash) as Box<dyn Check>)
}

/// `saltHEX:outputHEX`, where the digits of the salt are the salt.
fn of_better_auth(pair: &str) -> Option<Scrypt> {
    let (salt, output) = pair.split_once(':')?;
    if salt.len() != 32 || output.len() != 128 {
        return None;
    }
    hex(salt)?;
    let hash = of(14, "16", "1", salt.as_bytes().to_vec(), hex(output)?)?;
    Some(Scrypt { is_nfkc: true, ..hash })
}

fn options_of(options: &str) -> Option<(&str, &str, &str)> {
    let mut options = options.split(',');
    let found = (
        options.next()?,
        options.next()?.strip_prefix("r=")?,
        options.next()?.strip_prefix("p=")?,
    );
    options.next().is_none().then_some(found)
}

fn passlib_or_standard(text: &str) -> Option<Vec<u8>> {
    passlib_base64(text).or_else(|| base64(text))
}

fn log2(n: &str) -> Option<u32> {
    let n = number(n)?;
    n.is_power_of_two().then(|| n.trailing_zeros())
}

fn of(log_n: u32, r: &str, p: &str, salt: Vec<u8>, output: Vec<u8>) -> Option<Scrypt> {
    let params = params(log_n, number(r)?, number(p)?)?;
    (MIN_OUTPUT..=MAX_OUTPUT).contains(&output.len()).then_some(Scrypt {
        params,
        salt,
        output,
        is_nfkc: false,
    })
}

impl Check for Scrypt {
    fn micros(&self, _length: usize) -> u64 {
        micros(&self.params)
    }

    fn is_right(&self, spelling: &[u8], _tools: &mut Tools<'_>) -> bool {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        ::scrypt::scrypt(spelling, &self.salt, &self.params, &mut output).is_ok() && same(&output, &self.output)
    }

    fn spellings(&self, password: &Password) -> Vec<Zeroizing<Vec<u8>>> {
        if self.is_nfkc {
            vec![password.nfkc()]
        } else {
            password.spellings()
        }
    }
}
