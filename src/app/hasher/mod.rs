//! Hashes passwords with Argon2id, on threads that serve no requests.
//!
//! To hash, a request needs a place in the queue ([`Hasher::admit`]). Places are shared among networks.

mod admissions;
mod slots;

use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::model::client::Client;
use crate::model::unavailable::Unavailable;
use crate::model::user::password::{Password, PasswordHash};
use admissions::{Admissions, HeldPlace};
use slots::{HashingSlots, Memory};

/// Number of requests that may hash or wait for it. At 100 hashes a second the last one waits less than three seconds.
const QUEUE_CAPACITY: usize = 256;
/// Size of a huge page in bytes; hashing asks for memory in multiples of it.
const HUGE_PAGE: usize = 2 * 1024 * 1024;
/// The service rejects stored hashes with larger parameters, so that write access to the database can't be used to
/// exhaust its memory.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_ITERATIONS: u32 = 64;
const MAX_LANES: u32 = 16;

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
        let dummy = encode(&params, &random::<16>()?, &random::<{ Params::DEFAULT_OUTPUT_LEN }>()?)?;
        let slots =
            HashingSlots::start(slots.unwrap_or_else(cores), QUEUE_CAPACITY).context("starting the hashing threads")?;
        Ok(Self {
            slots,
            admissions: Admissions::new(QUEUE_CAPACITY),
            params,
            dummy,
        })
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
        self.run(move |memory| hash(&params, &password, memory)).await?
    }

    /// Verifies a password. Without a stored hash, or with one of another kind, it hashes against a dummy. So the time
    /// of an answer does not tell whether an account exists (OWASP ASVS v5.0.0-6.3.8).
    ///
    /// # Errors
    /// As [`Admission::hash`].
    pub async fn verify(&self, password: Password, stored: Option<PasswordHash>) -> anyhow::Result<Verdict> {
        let otherwise = match &stored {
            Some(stored) if is_usable(stored) => None,
            Some(_) => Some(Verdict::Unusable),
            None => Some(Verdict::Wrong),
        };
        let stored = stored.filter(|_| otherwise.is_none());
        let stored = stored.unwrap_or_else(|| self.hasher.dummy.clone());
        let params = self.hasher.params.clone();
        let verdict = self
            .run(move |memory| verify(&params, &password, &stored, memory))
            .await??;
        Ok(otherwise.unwrap_or(verdict))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let place = Arc::clone(&self.place);
        let job = move |memory: &mut Memory| {
            let result = work(memory);
            drop(place);
            result
        };
        self.hasher.slots.run(job).await
    }
}

fn hash(params: &Params, password: &Password, memory: &mut Memory) -> anyhow::Result<PasswordHash> {
    let salt = random::<16>()?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&Argon2::from(params), password, &salt, &mut output, memory)?;
    encode(params, &salt, &output)
}

fn verify(
    current: &Params,
    password: &Password,
    stored: &PasswordHash,
    memory: &mut Memory,
) -> anyhow::Result<Verdict> {
    let stored = phc::PasswordHash::new(&stored.0).context("a stored password hash is not a string in PHC format")?;
    let (argon2, salt, expected) = read(&stored).context("a stored password hash can't be used")?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..expected.len())
        .context("a stored password hash is too long")?;
    compute(&argon2, password, salt, output, memory)?;
    // `Output` compares in constant time.
    if Output::new(output)? != *expected {
        return Ok(Verdict::Wrong);
    }
    let params = argon2.params();
    let is_weak = stored.algorithm != Algorithm::Argon2id.ident()
        || params.m_cost() < current.m_cost()
        || params.t_cost() < current.t_cost();
    Ok(if is_weak { Verdict::RightButWeak } else { Verdict::Right })
}

/// Whether a stored hash is one of Argon2 with bounded parameters.
fn is_usable(stored: &PasswordHash) -> bool {
    phc::PasswordHash::new(&stored.0).is_ok_and(|stored| read(&stored).is_ok())
}

fn read(stored: &phc::PasswordHash) -> anyhow::Result<(Argon2<'static>, &Salt, &Output)> {
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from)?;
    let params = Params::try_from(stored)?;
    ensure!(
        params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_ITERATIONS && params.p_cost() <= MAX_LANES,
        "its parameters exceed 1 GiB, 64 iterations or 16 lanes"
    );
    let salt = stored.salt.as_ref().context("it has no salt")?;
    let output = stored.hash.as_ref().context("it has no hash")?;
    Ok((Argon2::new(algorithm, version, params), salt, output))
}

fn compute(
    argon2: &Argon2<'_>,
    password: &Password,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Memory,
) -> anyhow::Result<()> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        // Argon2 reads the whole memory in random order, so its end must lie in huge pages too.
        memory.reserve_exact(blocks.next_multiple_of(HUGE_PAGE / Block::SIZE) - memory.len());
        memory.resize_with(blocks, Default::default);
    }
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory[..blocks])
        .map_err(|error| anyhow!("Argon2: {error}"))
}

fn encode(params: &Params, salt: &[u8], output: &[u8]) -> anyhow::Result<PasswordHash> {
    let encoded = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(output)?),
    };
    Ok(PasswordHash(encoded.to_string()))
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the operating system's random generator failed: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
