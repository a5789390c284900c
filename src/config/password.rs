//! The policy for new passwords, and the cost of a password hash.

use clap::Args;

/// Weakest Argon2id parameters that OWASP accepts.
const MIN_ARGON2_MEMORY_KIB: i64 = 19_456;
const MIN_ARGON2_ITERATIONS: i64 = 2;
/// More slots than any machine has cores would use memory without hashing faster.
const MAX_HASH_SLOTS: i64 = 1024;

#[derive(Debug, Args)]
#[command(next_help_heading = "Passwords")]
pub struct PasswordSettings {
    /// Minimum number of characters of a new password; 8 or more
    #[arg(
        long,
        env = "NEPTUN_AUTH_PASSWORD_MIN_LENGTH",
        default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(8..=128),
        global = true
    )]
    password_min_length: u16,
    /// Memory of one password hash (Argon2id) in KiB; 19456 or more
    #[arg(
        long,
        env = "NEPTUN_AUTH_ARGON2_MEMORY_KIB",
        default_value_t = 19_456,
        value_parser = clap::value_parser!(u32).range(MIN_ARGON2_MEMORY_KIB..=1_048_576),
        global = true
    )]
    pub argon2_memory_kib: u32,
    /// Passes over that memory; 2 or more
    #[arg(
        long,
        env = "NEPTUN_AUTH_ARGON2_ITERATIONS",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(MIN_ARGON2_ITERATIONS..=64),
        global = true
    )]
    pub argon2_iterations: u32,
    /// Number of passwords hashed at the same time, each in memory of its own [default: one for each core]
    #[arg(
        long,
        env = "NEPTUN_AUTH_HASH_SLOTS",
        value_parser = clap::value_parser!(u16).range(1..=MAX_HASH_SLOTS),
        global = true
    )]
    hash_slots: Option<u16>,
}

impl PasswordSettings {
    /// Minimum number of characters of a new password.
    #[must_use]
    pub fn min_length(&self) -> usize {
        self.password_min_length.into()
    }

    /// Number of passwords hashed at the same time; `None` means one for each core.
    #[must_use]
    pub fn hash_slots(&self) -> Option<usize> {
        self.hash_slots.map(usize::from)
    }
}
