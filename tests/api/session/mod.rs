//! Checking, listing, ending and caching sessions.

use std::time::{Duration, Instant};

use neptun_auth::app::App;

use crate::helpers::Client;

mod cache;
mod caps;
mod check;
mod cookie;
mod forward_auth;
mod gate;
mod races;
mod sessions;
mod store;

/// How long the cache may still know a session that another process has ended.
pub const CACHE_DELAY: Duration = Duration::from_secs(1);

/// The status of a session check, which is the operation that the cache answers.
pub async fn check(client: &Client) -> u16 {
    client.get("/api/auth/check").await.status.as_u16()
}

/// Checks until the cache has answered. It does not while a slow machine keeps it from asking the database for changes.
pub async fn check_until_cached(app: &App, client: &Client) {
    let (hits, started) = (app.session_cache.hits(), Instant::now());
    while app.session_cache.hits() == hits {
        assert_eq!(check(client).await, 204);
        let limit = Duration::from_secs(20);
        assert!(started.elapsed() < limit, "the cache answers no check");
    }
}

/// Checks until the session is unknown. No check that began [`CACHE_DELAY`] after `ended` may succeed.
pub async fn check_until_ended(client: &Client, ended: Instant) {
    loop {
        let asked = ended.elapsed();
        match check(client).await {
            401 => return,
            status => assert_eq!(status, 204),
        }
        assert!(asked < CACHE_DELAY, "still signed in {asked:?} after the end");
    }
}
