//! The rates that the argon2 crate reaches: what hashing costs on this machine before any service.

use std::time::{Duration, Instant};

use allocator_api2::vec::Vec as HugeVec;
use anyhow::anyhow;
use argon2::{Argon2, Block, Params, PasswordHasher};
use hugealloc::HugeAlloc;
use serde_json::{Value, json};

/// What the service hashes with by default.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
/// Of one KiB each.
const BLOCKS: usize = MEMORY_KIB as usize;
/// In bytes.
const HUGE_PAGE: usize = 2 * 1024 * 1024;
const PASSWORD: &[u8] = b"correct horse battery";

/// Where each hash finds its memory.
#[derive(Clone, Copy)]
pub enum Memory {
    /// The crate asks for it each time, by its plain call.
    Fresh,
    /// Each thread keeps its own, in huge pages, as a hashing slot of the service does.
    Kept,
}

/// Hashes on `threads` threads for `seconds`. Each thread's last hash counts for the part that lay within the time.
pub fn rate(threads: usize, seconds: f64, memory: Memory) -> anyhow::Result<Value> {
    let duration = Duration::from_secs_f64(seconds);
    let rates = std::thread::scope(|scope| {
        let hashing: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| hash_for(duration, memory)))
            .collect();
        let rates = hashing
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?);
        rates.collect::<anyhow::Result<Vec<f64>>>()
    })?;
    Ok(json!({ "per_second": rates.iter().sum::<f64>() }))
}

fn hash_for(duration: Duration, memory: Memory) -> anyhow::Result<f64> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, 1, None).map_err(|error| anyhow!("{error}"))?;
    let argon2 = Argon2::from(params);
    let mut kept = HugeVec::new_in(HugeAlloc);
    if let Memory::Kept = memory {
        kept.reserve_exact(BLOCKS.next_multiple_of(HUGE_PAGE / Block::SIZE));
        kept.resize_with(BLOCKS, Block::default);
    }
    let start = Instant::now();
    let mut hashes = 0.0;
    while start.elapsed() < duration {
        match memory {
            Memory::Fresh => argon2.hash_password(PASSWORD).map(drop),
            Memory::Kept => argon2
                .hash_password_into_with_memory(PASSWORD, b"0123456789abcdef", &mut [0; 32], &mut kept[..])
                .map_err(Into::into),
        }
        .map_err(|error| anyhow!("{error}"))?;
        hashes += 1.0;
    }
    Ok(hashes / start.elapsed().as_secs_f64())
}
