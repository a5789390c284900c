//! What `scripts/bench` measures with. Both commands write one line of JSON.
//!
//! ```text
//! neptun-auth-bench hash THREADS SECONDS         the rate of the argon2 crate's own `hash_password`
//! neptun-auth-bench hash THREADS SECONDS kept    and of its call that takes memory, which each thread keeps
//! neptun-auth-bench load PLAN                    requests to a server on this machine; PLAN is JSON, see load.rs
//! ```

mod client;
mod hash;
mod load;
mod report;

use anyhow::bail;
use hash::Memory;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match arguments[..] {
        ["hash", threads, seconds] => hash::rate(threads.parse()?, seconds.parse()?, Memory::Fresh)?,
        ["hash", threads, seconds, "kept"] => hash::rate(threads.parse()?, seconds.parse()?, Memory::Kept)?,
        ["load", plan] => load::run(&serde_json::from_str(plan)?)?,
        _ => bail!("usage: neptun-auth-bench hash THREADS SECONDS [kept] | load PLAN"),
    };
    println!("{answer}");
    Ok(())
}
