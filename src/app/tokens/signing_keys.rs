//! The keys that sign access tokens. The database stores them encrypted; each instance keeps them in memory and reads
//! them again when another instance may have added one.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, anyhow, ensure};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use crate::app::sealing::Sealer;
use crate::model::token::signing_key::{self, StoredKey};
use crate::store::{Db, signing_keys};

/// A decrypted key.
#[derive(Debug)]
pub struct SigningKey {
    pub kid: String,
    pub pair: EcdsaKeyPair,
    /// The uncompressed point on P-256: `04`, then 32 bytes each of x and y.
    pub public_key: Vec<u8>,
    active_at: DateTime<Utc>,
}

/// All signing keys of the service, oldest first.
pub struct SigningKeys {
    db: Db,
    sealer: Sealer,
    keys: RwLock<Arc<Vec<SigningKey>>>,
}

impl SigningKeys {
    /// Loads the keys, and creates the first one if there is none.
    ///
    /// # Errors
    /// When `SECRET_KEY` is not the one under which the stored keys were encrypted.
    pub async fn load(db: Db, sealer: Sealer, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let keys = Self {
            db,
            sealer,
            keys: RwLock::default(),
        };
        keys.reload().await?;
        if keys.current().is_empty() {
            keys.add(1, now, now).await?;
        }
        Ok(keys)
    }

    /// The keys, and the index of the one that signs `now`.
    pub fn signing(&self, now: DateTime<Utc>) -> anyhow::Result<(Arc<Vec<SigningKey>>, usize)> {
        let keys = self.current();
        let index = signing_key::signing(&active_at(&keys), now).context("no signing key is active yet")?;
        Ok((keys, index))
    }

    /// Since when the key that signs `now` does so.
    pub fn active_since(&self, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
        let (keys, index) = self.signing(now)?;
        Ok(keys[index].active_at)
    }

    /// The public key named `kid`, if its signatures are accepted `now`.
    pub fn verifying(&self, kid: &str, now: DateTime<Utc>) -> Option<Vec<u8>> {
        let keys = self.current();
        let index = keys.iter().position(|key| key.kid == kid)?;
        signing_key::verifies(&active_at(&keys), index, now).then(|| keys[index].public_key.clone())
    }

    /// The id and public key of every key whose signatures are accepted `now`.
    pub fn published(&self, now: DateTime<Utc>) -> Vec<(String, Vec<u8>)> {
        let keys = self.current();
        let active_at = active_at(&keys);
        let published = keys
            .iter()
            .enumerate()
            .filter(|(index, _)| signing_key::verifies(&active_at, *index, now));
        published
            .map(|(_, key)| (key.kid.clone(), key.public_key.clone()))
            .collect()
    }

    /// Adds a key. It signs only after `ACTIVATION_DELAY`, when every cache of the key set has fetched it.
    pub async fn rotate(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let newest = signing_keys::all(self.db.read().await?.conn())
            .await?
            .last()
            .map_or(0, |key| key.number);
        self.add(newest + 1, now, now + signing_key::ACTIVATION_DELAY).await
    }

    /// Deletes keys whose last token has expired.
    pub async fn delete_retired(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut tx = self.db.write().await?;
        signing_keys::delete_superseded(tx.conn(), now - signing_key::RETIREMENT).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Seals the keys under the present secret key that the previous one has sealed; returns how many.
    pub async fn reseal(&self) -> anyhow::Result<u64> {
        let mut tx = self.db.write().await?;
        let mut resealed = 0;
        for key in signing_keys::all(tx.conn()).await? {
            let sealed = self.sealer.reseal(&key.sealed_private_key, key.kid.as_bytes())?;
            if let Some(sealed) = sealed {
                signing_keys::replace_sealed(tx.conn(), &key, &sealed).await?;
                resealed += 1;
            }
        }
        tx.commit().await?;
        Ok(resealed)
    }

    /// Whether `sealer` opens the private key.
    #[must_use]
    pub fn opens(sealer: &Sealer, stored: &StoredKey) -> bool {
        sealer.open(&stored.sealed_private_key, stored.kid.as_bytes()).is_ok()
    }

    /// Reads the keys again, for those that other instances have added.
    pub async fn reload(&self) -> anyhow::Result<()> {
        let stored = signing_keys::all(self.db.read().await?.conn()).await?;
        let known = self.current();
        if stored.iter().map(|key| &key.kid).eq(known.iter().map(|key| &key.kid)) {
            return Ok(());
        }
        let opened = stored
            .into_iter()
            .map(|key| open(&self.sealer, key))
            .collect::<anyhow::Result<Vec<_>>>()?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
        Ok(())
    }

    /// Creates a key. If another instance has inserted the same number first, this instance uses that key.
    async fn add(&self, number: i64, now: DateTime<Utc>, active_at: DateTime<Utc>) -> anyhow::Result<()> {
        let key = generate(&self.sealer, number, now, active_at)?;
        let mut tx = self.db.write().await?;
        signing_keys::insert_if_absent(tx.conn(), &key).await?;
        tx.commit().await?;
        self.reload().await
    }

    fn current(&self) -> Arc<Vec<SigningKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes a key that signs from `active_at` on, sealed by `sealer`.
///
/// # Errors
/// When the system has no randomness to give.
pub fn generate(
    sealer: &Sealer,
    number: i64,
    now: DateTime<Utc>,
    active_at: DateTime<Utc>,
) -> anyhow::Result<StoredKey> {
    let random = SystemRandom::new();
    let failed = |_| anyhow!("a signing key could not be generated: the system has no randomness to give");
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(failed)?;
    let public_key = read_pair(document.as_ref())?.public_key().as_ref().to_vec();
    let kid = BASE64.encode(&digest::digest(&digest::SHA256, &public_key).as_ref()[..12]);
    let sealed_private_key = sealer.seal(document.as_ref(), kid.as_bytes())?;
    Ok(StoredKey {
        number,
        kid,
        public_key,
        sealed_private_key,
        created_at: now,
        active_at,
    })
}

/// Checks that the secret key of `sealer` opens every key of a database.
///
/// # Errors
/// When it does not.
pub fn check(sealer: &Sealer, stored: Vec<StoredKey>) -> anyhow::Result<()> {
    stored.into_iter().try_for_each(|key| open(sealer, key).map(drop))
}

fn open(sealer: &Sealer, stored: StoredKey) -> anyhow::Result<SigningKey> {
    let wrong_key = "SECRET_KEY is not the one that this database's signing keys were encrypted with: set the old one";
    let opened = sealer.open(&stored.sealed_private_key, stored.kid.as_bytes());
    let pair = read_pair(&opened.context(wrong_key)?)?;
    ensure!(
        pair.public_key().as_ref() == stored.public_key,
        "the stored signing key {} does not belong to its public key: its row in signing_keys was changed",
        stored.kid
    );
    Ok(SigningKey {
        kid: stored.kid,
        pair,
        public_key: stored.public_key,
        active_at: stored.active_at,
    })
}

fn read_pair(pkcs8: &[u8]) -> anyhow::Result<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
        .map_err(|error| anyhow!("a stored signing key can't be read: {error}"))
}

fn active_at(keys: &[SigningKey]) -> Vec<DateTime<Utc>> {
    keys.iter().map(|key| key.active_at).collect()
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}
