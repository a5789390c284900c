//! The policy for new passwords, and the cost of a password hash.

use std::time::Duration;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use url::Url;
use zeroize::Zeroizing;

use super::values::{FilePath, web_url};
use crate::app::breached::BreachedSetup;
use crate::app::hasher::foreign::ForeignSecrets;
use crate::app::secret_file;
use crate::model::client::origin::is_loopback;

/// Weakest Argon2id parameters that OWASP accepts.
const MIN_ARGON2_MEMORY_KIB: i64 = 19_456;
const MIN_ARGON2_ITERATIONS: i64 = 2;
/// More slots than any machine has cores would use memory without hashing faster.
const MAX_HASH_SLOTS: i64 = 1024;
/// How long a list of breached passwords may keep a client waiting.
const BREACHED_TIMEOUT: Duration = Duration::from_secs(1);

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
    /// File of breached passwords that new passwords must not be among: SHA-1 hashes in hexadecimal, one a line, sorted
    /// by hash, as the downloader of Have I Been Pwned writes them [default: none]
    #[arg(long, env = "NEPTUN_AUTH_BREACHED_PASSWORDS", global = true)]
    breached_passwords: Option<FilePath>,
    /// Server to ask for breached passwords by the first five characters of their hash, such as
    /// `https://api.pwnedpasswords.com/range/`; the file is asked first [default: none]
    #[arg(long, env = "NEPTUN_AUTH_BREACHED_PASSWORDS_URL", value_parser = web_url, global = true)]
    breached_passwords_url: Option<Url>,
    /// File with the pepper of imported Devise hashes, which were made of password and pepper [default: none]
    #[arg(long, env = "NEPTUN_AUTH_IMPORTED_PEPPER_FILE", global = true)]
    imported_pepper_file: Option<FilePath>,
    /// File with the Base64 signer key of the Firebase project whose hashes were imported [default: none]
    #[arg(long, env = "NEPTUN_AUTH_FIREBASE_SIGNER_KEY_FILE", global = true)]
    firebase_signer_key_file: Option<FilePath>,
}

impl PasswordSettings {
    /// Minimum number of characters of a new password.
    #[must_use]
    pub fn min_length(&self) -> usize {
        self.password_min_length.into()
    }

    /// Where to look for breached passwords.
    pub fn breached(&self) -> anyhow::Result<BreachedSetup> {
        let url = self.breached_passwords_url.clone();
        ensure!(
            url.as_ref()
                .is_none_or(|url| url.scheme() == "https" || is_loopback(url)),
            "BREACHED_PASSWORDS_URL must begin with https:// unless it is on localhost"
        );
        Ok(BreachedSetup {
            file: self.breached_passwords.as_deref().map(ToOwned::to_owned),
            url,
            timeout: BREACHED_TIMEOUT,
        })
    }

    /// The secrets of imported hashes.
    ///
    /// # Errors
    /// When a file can't be read, or does not hold what it should.
    pub fn foreign_secrets(&self) -> anyhow::Result<ForeignSecrets> {
        let read = |path: &FilePath| secret_file::read_text(path);
        let pepper = self.imported_pepper_file.as_ref().map(read).transpose()?;
        let key = self.firebase_signer_key_file.as_ref().map(read).transpose()?;
        let decode = |text: Zeroizing<String>| {
            let bytes = BASE64_STANDARD.decode(text.as_bytes());
            bytes.context("FIREBASE_SIGNER_KEY_FILE does not hold a key in Base64; the Firebase console shows it")
        };
        Ok(ForeignSecrets {
            pepper,
            firebase_signer_key: key.map(decode).transpose()?.map(Zeroizing::new),
        })
    }

    /// Number of passwords hashed at the same time; `None` means one for each core.
    #[must_use]
    pub fn hash_slots(&self) -> Option<usize> {
        self.hash_slots.map(usize::from)
    }
}
