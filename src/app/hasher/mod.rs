//! Hashes passwords with Argon2id, on threads that serve no requests.
//!
//! To hash, a request needs a place in the queue ([`Hasher::admit`]). Places are shared among networks.

mod admissions;
mod argon;
pub mod foreign;
mod slots;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use argon2::Params;
use tracing::Instrument;

use crate::model::client::Client;
use crate::model::unavailable::Unavailable;
use crate::model::user::password::{Password, PasswordHash};
use crate::telemetry::traces;
use admissions::{Admissions, HeldPlace};
use argon::Verified;
pub use argon::is_usable as is_own;
use foreign::{ForeignHash, ForeignSecrets, Tools};
use slots::{HashingSlots, Memory};

/// Number of requests that may hash or wait for it. At 100 hashes a second the last one waits less than three seconds.
const QUEUE_CAPACITY: usize = 256;

/// The outcome of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// The password is right, and its stored hash is weaker than new ones are.
    RightButWeak,
    /// The stored hash is of a kind that the service can't verify, so no password is right.
    Unusable,
}

/// Hashes and verifies passwords in a bounded number of slots.
#[derive(Debug)]
pub struct Hasher {
    slots: HashingSlots,
    admissions: Arc<Admissions>,
    params: Params,
    dummy: PasswordHash,
    secrets: Arc<ForeignSecrets>,
}

impl Hasher {
    /// A hasher with `slots` slots, or one per core. New hashes take `memory_kib` and `iterations`.
    ///
    /// # Errors
    /// When Argon2 rejects the parameters, or the system has no threads or randomness to give.
    pub fn new(memory_kib: u32, iterations: u32, slots: Option<usize>) -> anyhow::Result<Self> {
        let params = Params::new(memory_kib, iterations, 1, None)
            .map_err(|error| anyhow!("Argon2 rejects ARGON2_MEMORY_KIB or ARGON2_ITERATIONS: {error}"))?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let dummy = argon::dummy(&params)?;
        let number = slots.unwrap_or_else(cores);
        let slots = HashingSlots::start(number, QUEUE_CAPACITY).context("starting the hashing threads")?;
        Ok(Self {
            slots,
            admissions: Admissions::new(QUEUE_CAPACITY, number),
            params,
            dummy,
            secrets: Arc::default(),
        })
    }

    /// The same hasher, for hashes that were made with these secrets too.
    #[must_use]
    pub fn with_secrets(self, secrets: ForeignSecrets) -> Self {
        Self {
            secrets: Arc::new(secrets),
            ..self
        }
    }

    /// Takes a place in the queue for `client`. Count the request against the limits in memory first, so that a client
    /// over its limit takes no place. The last places are for clients that show a device cookie of ours.
    ///
    /// # Errors
    /// [`Unavailable`] at once when the queue is full, or when the client's network has its part of it.
    pub fn admit(&self, client: &Client) -> anyhow::Result<Admission<'_>> {
        self.admit_as(client, client.device.is_some())
    }

    /// As [`Hasher::admit`], for a client that has proven something: it may take the last places.
    ///
    /// # Errors
    /// As [`Hasher::admit`].
    pub fn admit_known(&self, client: &Client) -> anyhow::Result<Admission<'_>> {
        self.admit_as(client, true)
    }

    /// The number of places in the queue that are taken, and that of all places.
    #[must_use]
    pub fn places(&self) -> (usize, usize) {
        (self.admissions.taken(), QUEUE_CAPACITY)
    }

    fn admit_as(&self, client: &Client, is_known: bool) -> anyhow::Result<Admission<'_>> {
        Ok(Admission {
            place: Arc::new(self.admissions.admit(client, is_known)?),
            hasher: self,
        })
    }
}

/// The right to hash, one password after the other.
#[derive(Debug)]
#[must_use = "the place in the queue becomes free when this is dropped"]
pub struct Admission<'h> {
    hasher: &'h Hasher,
    /// Each job holds a copy, because it stays in the queue even if its request ends.
    place: Arc<HeldPlace>,
}

impl Admission<'_> {
    /// Hashes a new password with a fresh salt.
    ///
    /// # Errors
    /// [`Unavailable`] when no slot comes free in time.
    pub async fn hash(&self, password: Password) -> anyhow::Result<PasswordHash> {
        let params = self.hasher.params.clone();
        self.run(1, None, move |memory| argon::hash(&params, &password, memory))
            .await?
    }

    /// Verifies a password. Without a stored hash, or with one that the service can't verify, it hashes against a
    /// dummy. So the time of an answer does not tell whether an account exists (OWASP ASVS v5.0.0-6.3.8), except while
    /// it has the hash of another system: `docs/security.md` says what that tells.
    ///
    /// # Errors
    /// As [`Admission::hash`], and [`Unavailable`] at once when the queue has no room for a hash that takes long.
    pub async fn verify(&self, password: Password, stored: Option<PasswordHash>) -> anyhow::Result<Verdict> {
        let foreign = stored.as_ref().and_then(ForeignHash::read);
        if let Some(foreign) = foreign {
            return self.verify_foreign(password, foreign).await;
        }
        let otherwise = match &stored {
            Some(stored) if argon::is_usable(stored) => None,
            Some(_) => Some(Verdict::Unusable),
            None => Some(Verdict::Wrong),
        };
        let stored = stored.filter(|_| otherwise.is_none());
        let stored = stored.unwrap_or_else(|| self.hasher.dummy.clone());
        let params = self.hasher.params.clone();
        let verified = self
            .run(1, None, move |memory| {
                argon::verify(&params, &password, &stored, memory)
            })
            .await??;
        Ok(otherwise.unwrap_or(match verified {
            Verified::Wrong => Verdict::Wrong,
            Verified::Right => Verdict::Right,
            Verified::RightButWeak => Verdict::RightButWeak,
        }))
    }

    /// A right password of another system's hash is hashed anew, whatever the old one was.
    async fn verify_foreign(&self, password: Password, foreign: ForeignHash) -> anyhow::Result<Verdict> {
        let weight = self.hasher.admissions.bounded_weight(foreign.weight(&password));
        let more = self.place.widen(weight)?;
        let secrets = Arc::clone(&self.hasher.secrets);
        let work = move |memory: &mut Memory| {
            let secrets = &secrets;
            foreign.is_right(&password, &mut Tools { secrets, memory })
        };
        Ok(if self.run(weight, Some(more), work).await? {
            Verdict::RightButWeak
        } else {
            Verdict::Wrong
        })
    }

    /// Runs `work`, which takes as long as `weight` hashes of ours, and gives `more` places back after it.
    async fn run<T: Send + 'static>(
        &self,
        weight: usize,
        more: Option<HeldPlace>,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let place = Arc::clone(&self.place);
        let job = move |memory: &mut Memory| {
            let result = work(memory);
            drop((place, more));
            result
        };
        self.hasher.slots.run(weight, job).instrument(traces::hash()).await
    }
}

#[cfg(test)]
mod tests;
