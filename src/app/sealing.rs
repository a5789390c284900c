//! Derives keys from the secret key, and seals (encrypts and authenticates) what the database must not reveal.

use std::fmt;

use anyhow::{Context, anyhow};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::model::secret_key::SecretKey;

/// Derives a key for one purpose with HKDF (RFC 5869), so that no value made for one purpose works for another.
pub fn derive(secret: &SecretKey, purpose: &[u8]) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    let purposes = [purpose];
    let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret.as_bytes());
    let material = derived
        .expand(&purposes, hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key));
    material.map_err(|_| anyhow!("HKDF could not derive a key from SECRET_KEY"))?;
    Ok(key)
}

/// The key for `purpose` by which the previous secret key signed, if there is one.
pub fn previous_signing_key(secret: &SecretKey, purpose: &[u8]) -> anyhow::Result<Option<hmac::Key>> {
    let previous = secret
        .previous()
        .map(|previous| derive(previous, purpose))
        .transpose()?;
    Ok(previous.map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key)))
}

/// Seals and opens with AES-256-GCM. A sealed text is a nonce of 96 random bits, then the ciphertext.
pub struct Sealer {
    key: LessSafeKey,
    /// Opens what the previous secret key has sealed.
    previous: Option<LessSafeKey>,
}

impl Sealer {
    /// A sealer with the key for `purpose`.
    pub fn new(secret: &SecretKey, purpose: &[u8]) -> anyhow::Result<Self> {
        let previous = secret.previous().map(|previous| sealing_key(previous, purpose));
        Ok(Self {
            key: sealing_key(secret, purpose)?,
            previous: previous.transpose()?,
        })
    }

    /// Encrypts `plain`. Opening it needs the same `bound_to`, for example the row's id, so that a sealed text can't be
    /// moved to another row.
    pub fn seal(&self, plain: &[u8], bound_to: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        let mut sealed = plain.to_vec();
        SystemRandom::new()
            .fill(&mut nonce)
            .and_then(|()| {
                let used_once = Nonce::assume_unique_for_key(nonce);
                self.key
                    .seal_in_place_append_tag(used_once, Aad::from(bound_to), &mut sealed)
            })
            .map_err(|_| anyhow!("AES-256-GCM could not encrypt, or the system has no randomness to give"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts a text that was sealed with the same `bound_to`.
    ///
    /// # Errors
    /// When the key or `bound_to` is another one, or the ciphertext was changed.
    pub fn open(&self, sealed: &[u8], bound_to: &[u8]) -> anyhow::Result<Vec<u8>> {
        let opened = open(&self.key, sealed, bound_to);
        match &self.previous {
            Some(previous) => opened.or_else(|_| open(previous, sealed, bound_to)),
            None => opened,
        }
    }

    /// What the previous secret key has sealed, sealed under the present one; `None` if that has sealed it already.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reseal(&self, sealed: &[u8], bound_to: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        if open(&self.key, sealed, bound_to).is_ok() {
            return Ok(None);
        }
        let plain = Zeroizing::new(self.open(sealed, bound_to)?);
        Ok(Some(self.seal(&plain, bound_to)?))
    }
}

fn sealing_key(secret: &SecretKey, purpose: &[u8]) -> anyhow::Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, &derive(secret, purpose)?);
    let key = key.map_err(|_| anyhow!("the sealing key has the wrong length"))?;
    Ok(LessSafeKey::new(key))
}

fn open(key: &LessSafeKey, sealed: &[u8], bound_to: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (nonce, ciphertext) = sealed
        .split_at_checked(NONCE_LEN)
        .context("a sealed text is too short to be one")?;
    let rejected = |_| anyhow!("it was encrypted under another SECRET_KEY, or was changed since");
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(rejected)?;
    let mut opened = ciphertext.to_vec();
    let length = key
        .open_in_place(nonce, Aad::from(bound_to), &mut opened)
        .map_err(rejected)?
        .len();
    opened.truncate(length);
    Ok(opened)
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_opens_and_a_new_one_seals() {
        let (old, new) = (SecretKey::generate(), SecretKey::generate());
        let sealer = |secret: &SecretKey| Sealer::new(secret, b"test").unwrap();
        let (before, after) = (sealer(&old), sealer(&new));
        let both = sealer(&new.replacing(old));
        let of_old = before.seal(b"secret", b"row 1").unwrap();
        assert!(after.open(&of_old, b"row 1").is_err());
        assert_eq!(both.open(&of_old, b"row 1").unwrap(), b"secret");
        assert!(both.open(&of_old, b"row 2").is_err());
        let resealed = both.reseal(&of_old, b"row 1").unwrap().unwrap();
        assert_eq!(after.open(&resealed, b"row 1").unwrap(), b"secret");
        assert!(before.open(&resealed, b"row 1").is_err());
        assert_eq!(both.reseal(&resealed, b"row 1").unwrap(), None);
        assert!(both.reseal(&of_old, b"row 2").is_err());
    }

    #[test]
    fn a_sealed_text_opens_only_with_the_same_key_and_binding() {
        let secret = SecretKey::generate();
        let sealer = Sealer::new(&secret, b"test").unwrap();
        let ciphertext = sealer.seal(b"12345678", b"row 1").unwrap();
        assert!(!ciphertext.windows(8).any(|window| window == b"12345678"));
        assert_eq!(sealer.open(&ciphertext, b"row 1").unwrap(), b"12345678");
        assert!(sealer.open(&ciphertext, b"row 2").is_err());
        assert!(sealer.open(&ciphertext[..20], b"row 1").is_err());
        assert!(sealer.open(&[], b"row 1").is_err());
        assert!(
            Sealer::new(&secret, b"other")
                .unwrap()
                .open(&ciphertext, b"row 1")
                .is_err()
        );
        assert_ne!(sealer.seal(b"12345678", b"row 1").unwrap(), ciphertext);
    }
}
