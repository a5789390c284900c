//! Sessions in memory since they were last read, so that checking a session in use needs no database.
//!
//! An entry is believed only while [`Freshness`] says that it still holds: a session that ended here is gone before the
//! answer that says so, one that ended on another instance within a second. `quick_cache` keeps the bound: it evicts
//! one entry for another, under a lock that few threads share, needs no thread of its own and allocates only for
//! entries that exist. A full cache of 200,000 entries takes about 70 MiB, and at most 100 MiB: an address has at most
//! 254 bytes, so an entry takes at most half a kilobyte.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;

use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::store::{Freshness, Stamp};

/// Entries are keyed by the secret's SHA-256: a memory dump shows no secret that is not in use at that moment.
type Key = [u8; 32];

/// The sessions that this process keeps in memory.
#[derive(Debug)]
pub struct SessionCache {
    /// `None` when the cache is switched off.
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

    /// The session of `secret`, if it is in memory and still certain to be alive.
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

    /// Take it before reading the session that is then stored in the cache with it.
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

    /// Whether the cache is on, so that changes in the database have to be followed.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether a session that is read now could be recalled.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.is_on() && self.freshness.is_trusted()
    }

    /// Number of entries, whether or not they still hold.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Cache::len)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a session was answered from memory.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Relaxed)
    }
}
