//! Keeps sessions in memory after they were read, so that checking a session in use needs no database.
//!
//! The cache returns an entry only while [`Freshness`] proves that it still holds. A session that ends on this instance
//! is gone before the client gets the answer; one that ends on another instance is gone within a second
//! (`docs/decisions/0006-sessions-in-memory.md`).
//!
//! `quick_cache` keeps the bound: a new entry evicts an old one, few threads share a lock, it needs no thread of its
//! own, and it allocates only for entries that exist. A full cache of 200,000 entries takes about 60 MiB, and at most
//! 110 MiB if every address has the 254 bytes that are allowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;

use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::store::{Freshness, Stamp};

/// The SHA-256 of a session's secret: a memory dump shows only secrets of requests that are running.
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

    /// The session of `secret`, if it is in memory and is proved to be alive.
    #[must_use]
    pub fn recall(&self, secret: SessionSecret, now: DateTime<Utc>) -> Option<Remembered> {
        let found = self.entries.as_ref()?.get(&secret.digest())?;
        let is_alive = found.signed_in.expires_at() > now;
        let is_fresh = is_alive && self.freshness.holds(found.stamp, found.signed_in.user_id);
        if is_fresh {
            self.hits.fetch_add(1, Relaxed);
        }
        is_fresh.then_some(found)
    }

    /// The stamp for a session that is about to be read. Take it before reading: a change that overtakes the read then
    /// makes the entry stale.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.freshness.stamp()
    }

    /// Keeps a session that was read or written after its stamp was taken.
    pub fn remember(&self, secret: SessionSecret, session: &Remembered) {
        if let Some(entries) = &self.entries {
            entries.insert(secret.digest(), session.clone());
        }
    }

    /// Whether the cache is on. If so, a task has to watch the database for changes.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether a session that is read now would be answered from memory next time.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.is_on() && self.freshness.is_trusted()
    }

    /// Number of entries, stale ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Cache::len)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of checks that were answered from memory.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Relaxed)
    }
}
