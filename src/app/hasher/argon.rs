//! Argon2: how our own hashes are made, read and verified.

use anyhow::{Context, anyhow, ensure};
use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::slots::Memory;
use crate::model::user::password::{Password, PasswordHash};

/// Size of a huge page in bytes; hashing asks for memory in multiples of it.
const HUGE_PAGE: usize = 2 * 1024 * 1024;
/// The service rejects stored hashes with larger parameters, so that write access to the database can't be used to
/// exhaust its memory.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_ITERATIONS: u32 = 64;
const MAX_LANES: u32 = 16;

/// What a hash of ours says to a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    Wrong,
    Right,
    /// The password is right, and its stored hash is weaker than new ones are.
    RightButWeak,
}

/// A hash that no password is known for, which takes as long as a new one.
pub fn dummy(params: &Params) -> anyhow::Result<PasswordHash> {
    encode(params, &random::<16>()?, &random::<{ Params::DEFAULT_OUTPUT_LEN }>()?)
}

pub fn hash(params: &Params, password: &Password, memory: &mut Memory) -> anyhow::Result<PasswordHash> {
    let salt = random::<16>()?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&Argon2::from(params), password.as_bytes(), &salt, &mut output, memory)?;
    encode(params, &salt, &output)
}

pub fn verify(
    current: &Params,
    password: &Password,
    stored: &PasswordHash,
    memory: &mut Memory,
) -> anyhow::Result<Verified> {
    let stored = phc::PasswordHash::new(&stored.0).context("a stored password hash is not a string in PHC format")?;
    let (argon2, salt, expected) = read(&stored).context("a stored password hash can't be used")?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..expected.len())
        .context("a stored password hash is too long")?;
    compute(&argon2, password.as_bytes(), salt, output, memory)?;
    // `Output` compares in constant time.
    if Output::new(output)? != *expected {
        return Ok(Verified::Wrong);
    }
    let params = argon2.params();
    let is_weak = stored.algorithm != Algorithm::Argon2id.ident()
        || params.m_cost() < current.m_cost()
        || params.t_cost() < current.t_cost();
    Ok(if is_weak {
        Verified::RightButWeak
    } else {
        Verified::Right
    })
}

/// Whether a stored hash is one of Argon2 with bounded parameters.
#[must_use]
pub fn is_usable(stored: &PasswordHash) -> bool {
    phc::PasswordHash::new(&stored.0).is_ok_and(|stored| read(&stored).is_ok())
}

/// Reads a PHC string, unless its parameters are beyond the bounds.
pub fn read(stored: &phc::PasswordHash) -> anyhow::Result<(Argon2<'static>, &Salt, &Output)> {
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

pub fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
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
        .hash_password_into_with_memory(password, salt, output, &mut memory[..blocks])
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
