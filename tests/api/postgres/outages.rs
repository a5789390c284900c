//! Networks that fail between the service and its database.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::timeout;

use crate::helpers::{TestApp, TestDatabase, proxy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn renewals_go_on_after_one_that_was_never_answered() {
    let database = TestDatabase::create().await;
    let url = proxy::silent_after(&database.url, "UPDATE sessions SET last_seen_at").await;
    let app = TestApp::by_way_of(url, database).await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(6));
    let renewed = "SELECT COUNT(*) FROM sessions WHERE last_seen_at > created_at";
    // The request is answered, although its renewal is not.
    assert!(alice.is_signed_in().await);
    assert_eq!(app.count(renewed).await, 0, "the first renewal has failed");
    let renewal = async {
        while app.count(renewed).await == 0 {
            assert!(alice.is_signed_in().await);
        }
    };
    let in_time = timeout(Duration::from_secs(20), renewal).await;
    assert!(in_time.is_ok(), "no session is renewed any more");
}
