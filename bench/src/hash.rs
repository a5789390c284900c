//! The rate that the argon2 crate reaches by its plain call: what hashing costs on this machine before any service.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use argon2::{Argon2, Params, PasswordHasher};
use serde_json::{Value, json};

/// What the service hashes with by default.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;

/// Hashes on `threads` threads for `seconds`. Each thread's last hash counts for the part that lay within the time.
pub fn rate(threads: usize, seconds: f64) -> anyhow::Result<Value> {
    let duration = Duration::from_secs_f64(seconds);
    let rates = std::thread::scope(|scope| {
        let hashing: Vec<_> = (0..threads).map(|_| scope.spawn(|| hash_for(duration))).collect();
        let rates = hashing
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?);
        rates.collect::<anyhow::Result<Vec<f64>>>()
    })?;
    Ok(json!({ "per_second": rates.iter().sum::<f64>() }))
}

fn hash_for(duration: Duration) -> anyhow::Result<f64> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, 1, None).map_err(|error| anyhow!("{error}"))?;
    let argon2 = Argon2::from(params);
    let start = Instant::now();
    let mut hashes = 0.0;
    while start.elapsed() < duration {
        argon2
            .hash_password(b"correct horse battery")
            .map_err(|error| anyhow!("{error}"))?;
        hashes += 1.0;
    }
    Ok(hashes / start.elapsed().as_secs_f64())
}
