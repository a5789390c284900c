//! Makes and checks the secrets of authenticator apps and recovery codes.

use anyhow::Context;
use chrono::{DateTime, Utc};
use ring::hmac;

use super::sealing::{Sealer, derive, previous_signing_key};
use crate::model::factor::recovery_code::{RecoveryCode, SET_SIZE};
use crate::model::factor::totp::{TotpCode, TotpSecret, window};
use crate::model::id::{SessionId, UserId};
use crate::model::mail::code::KeyedHash;
use crate::model::secret_key::SecretKey;

const RECOVERY_CODES: &[u8] = b"neptun-auth 1: recovery codes";

#[derive(Debug)]
pub struct SecondFactors {
    sealer: Sealer,
    recovery_codes: hmac::Key,
    previous_recovery_codes: Option<hmac::Key>,
}

impl SecondFactors {
    pub fn new(secret: &SecretKey) -> anyhow::Result<Self> {
        let key = derive(secret, RECOVERY_CODES)?;
        Ok(Self {
            sealer: Sealer::new(secret, b"neptun-auth 1: secrets of authenticator apps")?,
            recovery_codes: hmac::Key::new(hmac::HMAC_SHA256, &key),
            previous_recovery_codes: previous_signing_key(secret, RECOVERY_CODES)?,
        })
    }

    /// A new secret for an authenticator app, and what to store of it while it waits for its first code. No other
    /// session than this one can read it: a person who saw the secret on the owner's screen must not confirm it.
    pub fn generate_totp(&self, user: UserId, session: SessionId) -> anyhow::Result<(TotpSecret, Vec<u8>)> {
        let secret = TotpSecret::new(random::<{ TotpSecret::LENGTH }>()?.to_vec());
        let sealed = self.sealer.seal(secret.as_bytes(), &pending_name(user, session))?;
        Ok((secret, sealed))
    }

    /// The waiting secret that was sealed for `user` and `session`; `None` if it was sealed for another session.
    #[must_use]
    pub fn open_pending(&self, user: UserId, session: SessionId, sealed: &[u8]) -> Option<TotpSecret> {
        let opened = self.sealer.open(sealed, &pending_name(user, session));
        opened.ok().map(TotpSecret::new)
    }

    /// What to store of the secret of `user` once it is the account's second factor.
    pub fn seal_totp(&self, user: UserId, secret: &TotpSecret) -> anyhow::Result<Vec<u8>> {
        self.sealer.seal(secret.as_bytes(), user.0.as_bytes())
    }

    /// Whether this is a secret that [`Self::seal_totp`] has sealed for `user`, under the same secret key.
    #[must_use]
    pub fn is_sealed_for(&self, user: UserId, sealed: &[u8]) -> bool {
        self.sealer.open(sealed, user.0.as_bytes()).is_ok()
    }

    /// The latest step at which the secret that was sealed for `user` gives `code`, among those that are accepted
    /// `now`.
    pub fn step_of(
        &self,
        user: UserId,
        sealed: &[u8],
        code: TotpCode,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<i64>> {
        let opened = self.sealer.open(sealed, user.0.as_bytes());
        let secret = TotpSecret::new(opened.context("the secret of an authenticator app can't be read")?);
        Ok(accepted_step(&secret, code, now))
    }

    /// A new set of recovery codes.
    pub fn generate_recovery_codes() -> anyhow::Result<Vec<RecoveryCode>> {
        (0..SET_SIZE).map(|_| Ok(RecoveryCode::of_random(random()?))).collect()
    }

    /// The hash under which a recovery code of `user` is stored.
    #[must_use]
    pub fn hash_recovery_code(&self, user: UserId, code: &RecoveryCode) -> KeyedHash {
        hash_recovery_code(&self.recovery_codes, user, code)
    }

    /// Every hash by which the code may be stored: it may be older than the present secret key.
    #[must_use]
    pub fn hashes_of_recovery_code(&self, user: UserId, code: &RecoveryCode) -> Vec<KeyedHash> {
        let keys = [&self.recovery_codes].into_iter().chain(&self.previous_recovery_codes);
        keys.map(|key| hash_recovery_code(key, user, code)).collect()
    }

    /// The sealed secret of `user`'s app under the present secret key; `None` if it is that already.
    ///
    /// # Errors
    /// When neither the present secret key nor the previous one has sealed it.
    pub fn reseal_totp(&self, user: UserId, sealed: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        self.sealer.reseal(sealed, user.0.as_bytes())
    }
}

fn hash_recovery_code(key: &hmac::Key, user: UserId, code: &RecoveryCode) -> KeyedHash {
    let mut context = hmac::Context::with_key(key);
    context.update(user.0.as_bytes());
    context.update(code.letters().as_bytes());
    KeyedHash(context.sign().as_ref().to_vec())
}

/// What a waiting secret is sealed for.
fn pending_name(user: UserId, session: SessionId) -> [u8; 32] {
    let mut name = [0; 32];
    name[..16].copy_from_slice(user.0.as_bytes());
    name[16..].copy_from_slice(session.0.as_bytes());
    name
}

/// The latest step at which `secret` gives `code`, among those that are accepted `now`.
#[must_use]
pub fn accepted_step(secret: &TotpSecret, code: TotpCode, now: DateTime<Utc>) -> Option<i64> {
    // All steps are computed, so that the time does not tell which one was right.
    window(now).fold(None, |found, step| {
        let matches = code_at(secret, step).is_some_and(|right| right.equals(code));
        if matches { Some(step) } else { found }
    })
}

/// The code that `secret` gives at `step`.
fn code_at(secret: &TotpSecret, step: i64) -> Option<TotpCode> {
    // Authenticator apps know no other hash. HMAC does not need SHA-1 to resist collisions.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    TotpCode::of_mac(hmac::sign(&key, &step.to_be_bytes()).as_ref())
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the operating system's random generator failed")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn factors() -> SecondFactors {
        SecondFactors::new(&SecretKey::generate()).unwrap()
    }

    fn user() -> UserId {
        UserId(Uuid::now_v7())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// The last six digits of the codes in RFC 6238, appendix B, for SHA-1.
    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let secret = TotpSecret::new(SECRET.to_vec());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(&secret, seconds / 30).unwrap().reveal(), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_accepted_one_step_early_and_one_late() {
        let secret = TotpSecret::new(SECRET.to_vec());
        let code = TotpCode::parse("287082").unwrap();
        // The code of step 1 is the app's from second 30 to 59.
        for (seconds, step) in [
            (-1, None),
            (0, Some(1)),
            (30, Some(1)),
            (59, Some(1)),
            (89, Some(1)),
            (90, None),
        ] {
            assert_eq!(accepted_step(&secret, code, at(seconds)), step, "{seconds}");
        }
    }

    #[test]
    fn a_waiting_secret_opens_in_its_own_session_only_and_is_no_second_factor() {
        let factors = factors();
        let (owner, session) = (user(), SessionId(Uuid::now_v7()));
        let (secret, sealed) = factors.generate_totp(owner, session).unwrap();
        assert_eq!(secret.as_bytes().len() * 8, 160);
        assert!(!sealed.windows(20).any(|bytes| bytes == secret.as_bytes()));
        assert_eq!(factors.open_pending(owner, session, &sealed).as_ref(), Some(&secret));
        let elsewhere = SessionId(Uuid::now_v7());
        assert_eq!(factors.open_pending(owner, elsewhere, &sealed), None);
        assert_eq!(factors.open_pending(user(), session, &sealed), None);
        let code = code_at(&secret, 2).unwrap();
        assert!(factors.step_of(owner, &sealed, code, at(60)).is_err());
        assert_ne!(factors.generate_totp(owner, session).unwrap().0, secret);
    }

    #[test]
    fn a_sealed_secret_opens_for_its_own_account_only() {
        let factors = factors();
        let (owner, other) = (user(), user());
        let secret = TotpSecret::new(SECRET.to_vec());
        let sealed = factors.seal_totp(owner, &secret).unwrap();
        assert!(!sealed.windows(20).any(|bytes| bytes == secret.as_bytes()));
        let code = code_at(&secret, 2).unwrap();
        assert_eq!(factors.step_of(owner, &sealed, code, at(60)).unwrap(), Some(2));
        assert!(factors.step_of(other, &sealed, code, at(60)).is_err());
    }

    #[test]
    fn recovery_codes_differ_and_are_hashed_for_their_account() {
        let (factors, owner, other) = (factors(), user(), user());
        let sets = (0..1000).flat_map(|_| SecondFactors::generate_recovery_codes().unwrap());
        let codes: Vec<_> = sets.collect();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10_000);
        let hash = factors.hash_recovery_code(owner, &codes[0]);
        assert_eq!(hash.0.len(), 32);
        assert_eq!(hash, factors.hash_recovery_code(owner, &codes[0]));
        assert_ne!(hash, factors.hash_recovery_code(owner, &codes[1]));
        assert_ne!(hash, factors.hash_recovery_code(other, &codes[0]));
    }
}
