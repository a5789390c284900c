//! Derives keys from the secret key, and encrypts what the database must not reveal.

use std::fmt;

use anyhow::{Context, anyhow};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use ring::rand::{SecureRandom, SystemRandom};

use crate::model::secret_key::SecretKey;

/// Derives a key for one purpose (RFC 5869), so that no two uses of the secret key can interfere.
pub fn derive(secret: &SecretKey, purpose: &[u8]) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    let purposes = [purpose];
    let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret.as_bytes());
    let material = derived
        .expand(&purposes, hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key));
    material.map_err(|_| anyhow!("a key could not be derived"))?;
    Ok(key)
}

/// Encrypts and decrypts under one key with AES-256-GCM. The nonce, 96 random bits, precedes the ciphertext.
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// A sealer with the key for `purpose`.
    pub fn new(secret: &SecretKey, purpose: &[u8]) -> anyhow::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &derive(secret, purpose)?);
        Ok(Self(LessSafeKey::new(
            key.map_err(|_| anyhow!("the sealing key has the wrong length"))?,
        )))
    }

    /// Encrypts `plain`; decrypting it needs the same `bound_to`.
    pub fn seal(&self, plain: &[u8], bound_to: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        let mut sealed = plain.to_vec();
        SystemRandom::new()
            .fill(&mut nonce)
            .and_then(|()| {
                let used_once = Nonce::assume_unique_for_key(nonce);
                self.0
                    .seal_in_place_append_tag(used_once, Aad::from(bound_to), &mut sealed)
            })
            .map_err(|_| anyhow!("something could not be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what was encrypted with the same `bound_to`.
    ///
    /// # Errors
    /// When the key or `bound_to` differs, or the ciphertext was changed.
    pub fn open(&self, sealed: &[u8], bound_to: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (nonce, ciphertext) = sealed
            .split_at_checked(NONCE_LEN)
            .context("what was sealed is too short")?;
        let foreign = |_| anyhow!("it was not sealed under this SECRET_KEY");
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(foreign)?;
        let mut opened = ciphertext.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(bound_to), &mut opened)
            .map_err(foreign)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }
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
    fn what_is_sealed_opens_under_the_same_key_and_binding_only() {
        let secret = SecretKey::generate();
        let sealer = Sealer::new(&secret, b"test").unwrap();
        let locked = sealer.seal(b"12345678", b"row 1").unwrap();
        assert!(!locked.windows(8).any(|window| window == b"12345678"));
        assert_eq!(sealer.open(&locked, b"row 1").unwrap(), b"12345678");
        assert!(sealer.open(&locked, b"row 2").is_err());
        assert!(sealer.open(&locked[..20], b"row 1").is_err());
        assert!(sealer.open(&[], b"row 1").is_err());
        assert!(Sealer::new(&secret, b"other").unwrap().open(&locked, b"row 1").is_err());
        assert_ne!(sealer.seal(b"12345678", b"row 1").unwrap(), locked);
    }
}
