//! The failed-attempt buckets in the database: how long they are kept, and what is in them.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;

use super::{WRONG, failures};
use crate::helpers::{ALICE, PASSWORD, TestApp, contains};

#[tokio::test]
async fn a_bucket_is_kept_for_one_day_per_failure_in_a_row() {
    let app = TestApp::with_limits(failures("10/15m")).await;
    let client = app.client();
    for (email, failures) in [("one@example.com", 1), ("three@example.com", 3)] {
        for _ in 0..failures {
            client.log_in(email, WRONG).await.assert_status(401);
        }
    }
    for (day, left) in [(0, 2), (1, 1), (2, 1), (3, 0)] {
        purge_expired(&app.app).await.unwrap();
        assert_eq!(app.count("SELECT COUNT(*) FROM attempts").await, left, "day {day}");
        app.clock.advance(TimeDelta::days(1));
    }
}

#[tokio::test]
async fn a_stored_hash_of_another_kind_is_answered_and_counted_like_a_wrong_password() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.user("alice").await;
    let wrong = app.log_in(ALICE, WRONG).await;
    for foreign in [
        "not a hash",
        "$2b$12$KIXQk5sZc0nJ0Zl1mF6Vqe3mQ3Kp1oXnS4v8n0b2r9lWc7yHfJ5eK",
        "pbkdf2_sha256$600000$c2FsdA$aGFzaA==",
    ] {
        app.database.set_password_hash(foreign).await;
        let answer = app.log_in(ALICE, PASSWORD).await;
        if answer.status != 429 {
            assert_eq!(answer.fails(401, "invalid_credentials").body, wrong.body, "{foreign}");
        }
    }
    assert!(app.count("SELECT failures FROM attempts").await >= 3);
}

#[tokio::test]
async fn the_buckets_do_not_contain_the_identifier() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.log_in("canary-address@example.com", WRONG).await.assert_status(401);
    assert_eq!(app.count("SELECT COUNT(*) FROM attempts").await, 1);
    let stored = app.database.dump().await;
    assert!(!contains(&stored, b"canary"));
}
