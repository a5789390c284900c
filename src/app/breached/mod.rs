//! Knows passwords from breaches of other services, from a file or from a server. Off unless the operator names one.
//!
//! A source that fails is never in the way: the password then counts as unknown, and a metric counts the failure.

mod file;
mod ranges;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::outbound::Outbound;
use crate::model::user::password::Password;
use crate::telemetry::{self, BreachCheck};
use file::HashFile;
pub use file::Samples;
use ranges::Ranges;

/// Log-ins whose passwords are looked up at the same time. A further one is not looked up, but the next of its account
/// may be.
const MAX_AT_LOG_IN: usize = 16;

/// A SHA-1 in hexadecimal, as the lists have it. It gives the password away, so it is wiped when dropped.
type Hash = Zeroizing<[u8; 40]>;

/// The settings for breached passwords.
#[derive(Debug, Clone)]
pub struct BreachedSetup {
    /// A sorted file of hashes.
    pub file: Option<PathBuf>,
    /// A server that answers with all hashes that begin with five characters.
    pub url: Option<Url>,
    /// How long a source may take.
    pub timeout: Duration,
}

#[derive(Debug)]
pub struct Breached {
    file: Option<HashFile>,
    ranges: Option<Ranges>,
    timeout: Duration,
    at_log_in: Arc<Semaphore>,
}

impl Breached {
    /// Looks at samples of the file. Connects to nothing.
    ///
    /// # Errors
    /// When the file is no sorted list of hashes. The text is for the operator.
    pub fn new(setup: &BreachedSetup, outbound: &Outbound) -> anyhow::Result<Self> {
        let url = setup.url.as_ref();
        Ok(Self {
            file: setup.file.as_deref().map(HashFile::open).transpose()?,
            ranges: url.map(|url| Ranges::new(url, setup.timeout, outbound)),
            timeout: setup.timeout,
            at_log_in: Arc::new(Semaphore::new(MAX_AT_LOG_IN)),
        })
    }

    /// What was looked at of the file; `None` without one.
    #[must_use]
    pub fn samples(&self) -> Option<Samples> {
        self.file.as_ref().map(|file| file.samples)
    }

    /// A place to look up the password of a log-in; `None` if nothing is set up, or all places are taken.
    #[must_use]
    pub fn place_at_log_in(&self) -> Option<OwnedSemaphorePermit> {
        if !self.is_on() {
            return None;
        }
        let place = Arc::clone(&self.at_log_in).try_acquire_owned().ok();
        if place.is_none() {
            telemetry::breach_check(BreachCheck::Skipped);
        }
        place
    }

    /// Whether the password is known. The file is asked first, because it tells no other server anything.
    pub async fn knows(&self, password: &Password) -> bool {
        if !self.is_on() {
            return false;
        }
        let hash = hash_of(password);
        let outcome = self.look_up(&hash).await;
        telemetry::breach_check(outcome);
        outcome == BreachCheck::Found
    }

    fn is_on(&self) -> bool {
        self.file.is_some() || self.ranges.is_some()
    }

    async fn look_up(&self, hash: &Hash) -> BreachCheck {
        let mut outcome = BreachCheck::Clear;
        if let Some(file) = &self.file {
            match timeout(self.timeout, file.contains(hash)).await {
                Ok(Ok(true)) => return BreachCheck::Found,
                Ok(Ok(false)) => {}
                Ok(Err(_)) | Err(_) => outcome = BreachCheck::Failed,
            }
        }
        if let Some(ranges) = &self.ranges {
            match ranges.contains(hash).await {
                Ok(true) => return BreachCheck::Found,
                Ok(false) => {}
                Err(_) => outcome = BreachCheck::Failed,
            }
        }
        outcome
    }
}

fn hash_of(password: &Password) -> Hash {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let mut hash = Hash::new([0; 40]);
    for (pair, byte) in hash.chunks_exact_mut(2).zip(bytes.as_ref()) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::outbound::OutboundSetup;

    #[test]
    fn the_hash_is_sha_1_in_upper_case() {
        let hash = hash_of(&Password::new("abc"));
        assert_eq!(
            str::from_utf8(&*hash).unwrap(),
            "A9993E364706816ABA3E25717850C26C9CD0D89D"
        );
    }

    #[test]
    fn a_log_in_beyond_the_places_is_not_looked_up() {
        let outbound = Outbound::new(&OutboundSetup::default()).unwrap();
        let with_url = |url: Option<&str>| {
            let setup = BreachedSetup {
                file: None,
                url: url.map(|url| url.parse().unwrap()),
                timeout: Duration::from_secs(1),
            };
            Breached::new(&setup, &outbound).unwrap()
        };
        assert!(with_url(None).place_at_log_in().is_none());
        let breached = with_url(Some("https://example.com/range/"));
        let places: Vec<_> = (0..16).map(|_| breached.place_at_log_in().unwrap()).collect();
        assert!(breached.place_at_log_in().is_none());
        drop(places);
        assert!(breached.place_at_log_in().is_some());
    }
}
