//! Hashes passwords with Argon2id, on threads that serve no requests.

mod slots;

use anyhow::{Context, anyhow, ensure};
use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::unavailable::Unavailable;
use crate::model::user::password::{Password, PasswordHash};
use slots::{HashingSlots, Memory};

/// Number of jobs that may wait for a slot. At 100 hashes a second the last one waits less than three seconds.
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
}

/// Hashes and verifies passwords in a bounded number of slots.
#[derive(Debug)]
pub struct Hasher {
    slots: HashingSlots,
    admissions: Semaphore,
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
            admissions: Semaphore::new(QUEUE_CAPACITY),
            params,
            dummy,
        })
    }

    /// Reserves a place in the queue for a request that has other work to do before its password can be verified.
    ///
    /// # Errors
    /// [`Unavailable`] at once when `QUEUE_CAPACITY` requests hold places already.
    pub fn admit(&self) -> Result<SemaphorePermit<'_>, Unavailable> {
        self.admissions
            .try_acquire()
            .map_err(|_| Unavailable::new("the queue for password checks is full"))
    }

    /// Hashes a new password with a fresh salt.
    ///
    /// # Errors
    /// [`Unavailable`] when the queue is full.
    pub async fn hash(&self, password: Password) -> anyhow::Result<PasswordHash> {
        let params = self.params.clone();
        self.slots.run(move |memory| hash(&params, &password, memory)).await?
    }

    /// Verifies a password. Without a stored hash it hashes against a dummy and returns [`Verdict::Wrong`]. So the time
    /// of an answer does not tell whether an account exists (OWASP ASVS v5.0.0-6.3.8).
    ///
    /// # Errors
    /// As [`Hasher::hash`], and when the stored hash can't be read.
    pub async fn verify(&self, password: Password, stored: Option<PasswordHash>) -> anyhow::Result<Verdict> {
        let is_known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let params = self.params.clone();
        let verdict = self
            .slots
            .run(move |memory| verify(&params, &password, &stored, memory))
            .await??;
        Ok(if is_known { verdict } else { Verdict::Wrong })
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
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text)
    }

    #[tokio::test]
    async fn a_hash_verifies_only_its_own_password() {
        let hasher = Hasher::new(64, 2, None).unwrap();
        let stored = hasher.hash(password("correct horse")).await.unwrap();
        assert!(stored.0.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{}", stored.0);
        assert_eq!(
            hasher
                .verify(password("correct horse"), Some(stored.clone()))
                .await
                .unwrap(),
            Verdict::Right
        );
        assert_eq!(
            hasher
                .verify(password("correct horsf"), Some(stored.clone()))
                .await
                .unwrap(),
            Verdict::Wrong
        );
        assert_eq!(
            hasher.verify(password("correct horse"), None).await.unwrap(),
            Verdict::Wrong
        );
        assert_ne!(hasher.hash(password("correct horse")).await.unwrap(), stored);
    }

    #[tokio::test]
    async fn hashes_of_the_argon2_crate_verify_and_weaker_ones_are_marked() {
        let hasher = Hasher::new(128, 2, None).unwrap();
        for (memory, verdict) in [
            (64, Verdict::RightButWeak),
            (128, Verdict::Right),
            (256, Verdict::Right),
        ] {
            let crate_hash = Argon2::from(Params::new(memory, 2, 1, None).unwrap())
                .hash_password(b"correct horse")
                .unwrap();
            let stored = PasswordHash(crate_hash.to_string());
            assert_eq!(
                hasher.verify(password("correct horse"), Some(stored)).await.unwrap(),
                verdict
            );
        }
    }

    #[tokio::test]
    async fn passwords_that_differ_after_72_bytes_differ() {
        let hasher = Hasher::new(64, 2, None).unwrap();
        let long = "x".repeat(72);
        let stored = hasher.hash(password(&format!("{long}A"))).await.unwrap();
        assert_eq!(
            hasher
                .verify(password(&format!("{long}B")), Some(stored))
                .await
                .unwrap(),
            Verdict::Wrong
        );
    }

    #[tokio::test]
    async fn malformed_and_excessive_stored_hashes_are_errors() {
        let hasher = Hasher::new(64, 2, None).unwrap();
        let output = "A".repeat(43);
        for stored in [
            String::new(),
            "plain".into(),
            format!("$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21l${output}"),
            format!("$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHRzb21l${output}"),
            "$argon2id$v=19$m=64,t=2,p=1".into(),
            format!("$scrypt$ln=16,r=8,p=1$c29tZXNhbHRzb21l${output}"),
        ] {
            assert!(
                hasher
                    .verify(password("x"), Some(PasswordHash(stored.clone())))
                    .await
                    .is_err(),
                "{stored}"
            );
        }
    }
}
