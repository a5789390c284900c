//! Sessions remembered from the last time they were read, so that a check of one that is in use asks no database.
//!
//! What is remembered is believed only while [`Freshness`] knows that it still holds: a session that ended here is gone
//! before the answer that says so, one that ended elsewhere within a second. `quick_cache` keeps the bound: it evicts one
//! entry for another under a lock that few share, needs no thread, and takes no memory for entries that it does not have. A full
//! cache of 200,000 takes about 70 MiB; an entry is never larger than half a kilobyte, since an address has at most 254 bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;

use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::store::{Freshness, Stamp};

/// What is remembered is found by the secret's SHA-256: a dump of the memory shows no secret that is not in use just then.
type Key = [u8; 32];

/// The sessions that this process remembers.
#[derive(Debug)]
pub struct SessionCache {
    /// `None` when nothing is to be remembered.
    entries: Option<Cache<Key, Remembered>>,
    freshness: Arc<Freshness>,
    hits: AtomicU64,
}

/// A session as it was when `stamp` was taken, or later.
#[derive(Debug, Clone)]
pub struct Remembered {
    pub signed_in: Arc<SignedIn>,
    pub stamp: Stamp,
}

impl SessionCache {
    /// A cache that holds at most about `capacity` sessions; 0 turns it off.
    #[must_use]
    pub fn new(capacity: usize, freshness: Arc<Freshness>) -> Self {
        Self {
            entries: (capacity > 0).then(|| Cache::new(capacity)),
            freshness,
            hits: AtomicU64::new(0),
        }
    }

    /// The session that `secret` belongs to, if it is remembered and certain to live.
    #[must_use]
    pub fn recall(&self, secret: SessionSecret, now: DateTime<Utc>) -> Option<Remembered> {
        let found = self.entries.as_ref()?.get(&secret.digest())?;
        let lives = found.signed_in.expires_at() > now;
        let holds = lives && self.freshness.holds(found.stamp, found.signed_in.user_id);
        if holds {
            self.hits.fetch_add(1, Relaxed);
        }
        holds.then_some(found)
    }

    /// To be taken before reading the session that is then remembered with it.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.freshness.stamp()
    }

    /// Keeps what was read or written of a session after its stamp was taken.
    pub fn remember(&self, secret: SessionSecret, session: &Remembered) {
        if let Some(entries) = &self.entries {
            entries.insert(secret.digest(), session.clone());
        }
    }

    /// Whether there is anything to watch the database for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether a session that is read now can be recalled.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.is_on() && self.freshness.is_trusted()
    }

    /// How many sessions are remembered, whether or not they still hold.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Cache::len)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many times a session was recalled.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Relaxed)
    }
}
