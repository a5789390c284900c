//! Metrics of what the process uses and holds: build, memory, connections, caches, queues, ages.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_process::Collector;

const BUILD: &str = "neptun_auth_build_info";
pub(super) const HASH_SECONDS: &str = "neptun_auth_hash_duration_seconds";
const CONNECTIONS: &str = "neptun_auth_connections";
const DATABASE_CONNECTIONS: &str = "neptun_auth_database_connections";
const DATABASE_CONNECTIONS_MOST: &str = "neptun_auth_database_connections_max";
const DATABASE_CONNECTIONS_LOST: &str = "neptun_auth_database_connections_lost_total";
const DATABASE_ERRORS: &str = "neptun_auth_database_errors_total";
const CACHE_ENTRIES: &str = "neptun_auth_session_cache_entries";
const CACHE_HITS: &str = "neptun_auth_session_cache_hits_total";
const CACHE_TRUSTED: &str = "neptun_auth_session_cache_trusted";
const OUTBOX_MAILS: &str = "neptun_auth_outbox_mails";
const OUTBOX_OLDEST: &str = "neptun_auth_outbox_oldest_mail_seconds";
const ROWS_PURGED: &str = "neptun_auth_purged_rows_total";
const KEY_ACTIVE_SINCE: &str = "neptun_auth_signing_key_active_timestamp_seconds";

/// From a hash with the weakest parameters to the deadline of the queue.
pub(super) const HASH_BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// How the connections of a pool are used.
#[derive(Debug, Clone, Copy)]
pub struct PoolUse {
    /// What the pool is for.
    pub pool: &'static str,
    pub in_use: usize,
    pub idle: usize,
    pub most: usize,
    /// Connections that failed in use so far.
    pub lost: u64,
}

/// How the session cache is used.
#[derive(Debug, Clone, Copy)]
pub struct CacheUse {
    pub entries: usize,
    /// Checks answered from memory so far.
    pub hits: u64,
    /// Whether sessions are answered from memory now, because changes by other processes are noticed.
    pub is_trusted: bool,
}

pub(super) fn describe() {
    Collector::default().describe();
    describe_gauge!(BUILD, "1, with the version of this program");
    describe_histogram!(
        HASH_SECONDS,
        "Seconds that a password took in its hashing slot, by whose hash it is"
    );
    describe_gauge!(
        CONNECTIONS,
        "Open connections of clients, that of the reader of this page included"
    );
    describe_gauge!(
        DATABASE_CONNECTIONS,
        "Open connections to the database, by pool and state"
    );
    describe_gauge!(
        DATABASE_CONNECTIONS_MOST,
        "Connections to the database that a pool may open"
    );
    describe_counter!(
        DATABASE_CONNECTIONS_LOST,
        "Connections to the database that failed in use, by pool"
    );
    describe_counter!(
        DATABASE_ERRORS,
        "Failed calls of the database, by kind: unavailable ones may succeed later"
    );
    describe_gauge!(CACHE_ENTRIES, "Sessions in memory, stale ones included");
    describe_counter!(CACHE_HITS, "Session checks that were answered from memory");
    describe_gauge!(
        CACHE_TRUSTED,
        "Whether checks are answered from memory: 1, or 0 while changes by other processes can't be noticed"
    );
    describe_gauge!(OUTBOX_MAILS, "Mails that wait to be sent, counted up to 10000");
    describe_gauge!(
        OUTBOX_OLDEST,
        "Age of the oldest mail that waits to be sent, in seconds"
    );
    describe_counter!(ROWS_PURGED, "Rows that were deleted because they had expired");
    describe_gauge!(
        KEY_ACTIVE_SINCE,
        "Unix time since which the present key signs access tokens"
    );
}

pub(super) fn begin_at_zero() {
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1);
    gauge!(CONNECTIONS).set(0);
    counter!(ROWS_PURGED).increment(0);
    database_errors(0, 0);
    outbox(0, Duration::ZERO);
    for whose in [OURS, FOREIGN] {
        drop(histogram!(HASH_SECONDS, "hash" => whose));
    }
}

/// Reads what the system knows of this process: processor time, memory, file descriptors, threads.
pub fn process() {
    Collector::default().collect();
}

const OURS: &str = "own";
const FOREIGN: &str = "imported";

/// Notes how long a password took in its slot.
pub fn hashed(is_own: bool, duration: Duration) {
    let whose = if is_own { OURS } else { FOREIGN };
    histogram!(HASH_SECONDS, "hash" => whose).record(duration);
}

/// Counts a connection as open until it is dropped.
#[derive(Debug)]
#[must_use = "the connection counts as closed when this is dropped"]
pub struct OpenConnection(());

impl OpenConnection {
    pub fn begin() -> Self {
        gauge!(CONNECTIONS).increment(1);
        Self(())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        gauge!(CONNECTIONS).decrement(1);
    }
}

/// Sets how a pool is used.
pub fn database_pool(pool: PoolUse) {
    let name = pool.pool;
    gauge!(DATABASE_CONNECTIONS, "pool" => name, "state" => "in_use").set(number(pool.in_use));
    gauge!(DATABASE_CONNECTIONS, "pool" => name, "state" => "idle").set(number(pool.idle));
    gauge!(DATABASE_CONNECTIONS_MOST, "pool" => name).set(number(pool.most));
    counter!(DATABASE_CONNECTIONS_LOST, "pool" => name).absolute(pool.lost);
}

/// Sets how many calls of the database have failed so far.
pub fn database_errors(unavailable: u64, failed: u64) {
    counter!(DATABASE_ERRORS, "kind" => "unavailable").absolute(unavailable);
    counter!(DATABASE_ERRORS, "kind" => "failed").absolute(failed);
}

/// Sets how the session cache is used.
pub fn session_cache(cache: CacheUse) {
    gauge!(CACHE_ENTRIES).set(number(cache.entries));
    counter!(CACHE_HITS).absolute(cache.hits);
    gauge!(CACHE_TRUSTED).set(u8::from(cache.is_trusted));
}

/// Sets how many mails wait, and how old the oldest is.
pub fn outbox(mails: usize, oldest: Duration) {
    gauge!(OUTBOX_MAILS).set(number(mails));
    gauge!(OUTBOX_OLDEST).set(oldest.as_secs_f64());
}

/// Counts rows that were deleted because they had expired.
pub fn purged(rows: u64) {
    counter!(ROWS_PURGED).increment(rows);
}

/// Sets since when the present key signs, in Unix time.
pub fn signing_key(active_since: i64) {
    gauge!(KEY_ACTIVE_SINCE).set(i32::try_from(active_since).unwrap_or(i32::MAX));
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
