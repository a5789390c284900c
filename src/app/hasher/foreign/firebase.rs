//! Firebase's own scheme: scrypt derives a key that encrypts the project's signer key. Written as Supabase writes it,
//! without the signer key, which is a secret of the service.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use scrypt::Params;
use zeroize::Zeroizing;

use super::encoding::{base64, number, same};
use super::{Check, Tools, scrypt as bounds, to_store};
use crate::model::user::password::PasswordHash;

/// Every project's signer key, and so every hash, has this length.
const OUTPUT: usize = 64;

/// What the Firebase console shows of a project's hashes besides the signer key.
#[derive(Debug, Clone)]
pub struct Parameters {
    pub salt_separator: String,
    pub rounds: u32,
    pub mem_cost: u32,
}

impl Parameters {
    /// The text under which a hash of the project is stored; `None` when the service could not verify it.
    #[must_use]
    pub fn to_store(&self, salt: &str, hash: &str) -> Option<PasswordHash> {
        // `firebase auth:export` writes either alphabet of Base64, depending on its version.
        let standard = |text: &str| text.replace('-', "+").replace('_', "/");
        let (salt, hash, separator) = (standard(salt), standard(hash), standard(&self.salt_separator));
        let (log_n, r) = (self.mem_cost, self.rounds);
        to_store(&format!(
            "$fbscrypt$v=1,n={log_n},r={r},p=1,ss={separator}${salt}${hash}"
        ))
    }
}

struct Firebase {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// Reads `$fbscrypt$v=1,n=14,r=8,p=1,ss=SEPARATOR$SALT$OUTPUT`.
pub fn read(text: &str) -> Option<Box<dyn Check>> {
    let mut parts = text.strip_prefix("$fbscrypt$v=1,n=")?.split('$');
    let (options, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
    let mut options = options.split(',');
    let log_n = number(options.next()?)?;
    let r = number(options.next()?.strip_prefix("r=")?)?;
    let p = number(options.next()?.strip_prefix("p=")?)?;
    let separator = options.next()?.strip_prefix("ss=")?;
    let hash = Firebase {
        params: bounds::params(log_n, r, p)?,
        salt: [base64(salt)?, base64(separator)?].concat(),
        output: base64(output)?,
    };
    let is_whole = hash.output.len() == OUTPUT && parts.next().is_none() && options.next().is_none();
    is_whole.then(|| Box::new(hash) as Box<dyn Check>)
}

impl Check for Firebase {
    fn micros(&self, _length: usize) -> u64 {
        bounds::micros(&self.params)
    }

    fn is_right(&self, spelling: &[u8], tools: &mut Tools<'_>) -> bool {
        let Some(signer_key) = &tools.secrets.firebase_signer_key else {
            return false;
        };
        let mut derived = Zeroizing::new([0; 64]);
        if ::scrypt::scrypt(spelling, &self.salt, &self.params, derived.as_mut()).is_err() {
            return false;
        }
        let Ok(mut cipher) = Ctr128BE::<Aes256>::new_from_slices(&derived[..32], &[0; 16]) else {
            return false;
        };
        let mut encrypted = signer_key.clone();
        cipher.apply_keystream(&mut encrypted);
        same(&encrypted, &self.output)
    }
}
