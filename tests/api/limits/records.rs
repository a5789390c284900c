//! What is kept of failures: how long, under which names, and what is none.

use chrono::TimeDelta;
use neptun_auth::flows::count_attempt::{Subject, count_attempt};
use neptun_auth::flows::forget_attempts::forget_attempts;
use neptun_auth::model::attempt::Purpose;
use neptun_auth::model::client::Client as Origin;
use neptun_auth::model::throttled::Throttled;
use neptun_auth::model::user::UserId;
use uuid::Uuid;

use super::{WRONG, failures};
use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn failures_are_forgotten_after_a_day_for_each_in_a_row() {
    let app = TestApp::with_limits(failures("10/15m")).await;
    let client = app.client();
    for (email, failures) in [("one@example.com", 1), ("three@example.com", 3)] {
        for _ in 0..failures {
            client.log_in(email, WRONG).await.assert_status(401);
        }
    }
    for (day, left) in [(0, 2), (1, 1), (2, 1), (3, 0)] {
        forget_attempts(&app.app).await.unwrap();
        assert_eq!(
            app.database.count("SELECT COUNT(*) FROM attempts").await,
            left,
            "day {day}"
        );
        app.clock.advance(TimeDelta::days(1));
    }
}

#[tokio::test]
async fn an_attempt_that_could_not_be_looked_at_does_not_count() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.signed_up("user@example.com").await;
    app.database.set_password_hash("not a hash").await;
    for _ in 0..5 {
        app.client()
            .log_in("user@example.com", PASSWORD)
            .await
            .assert_error(500, "internal_error");
    }
    assert_eq!(app.database.count("SELECT failures FROM attempts").await, 0);
}

/// V21.
#[tokio::test]
async fn codes_are_counted_as_passwords_are_and_apart_from_them() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let user = UserId(Uuid::now_v7());
    let origin = Origin::new(None, None);
    let count = async |purpose| {
        let counted = count_attempt(&app.app, purpose, Subject::Account(user), &origin).await;
        counted.map_err(|error| Throttled::in_chain(&error).unwrap().limit)
    };
    for _ in 0..3 {
        drop(count(Purpose::Code).await.unwrap());
    }
    assert_eq!(count(Purpose::Code).await.unwrap_err(), "failures");
    drop(count(Purpose::Password).await.unwrap());
}

#[tokio::test]
async fn the_table_does_not_tell_whose_password_was_tried() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.client()
        .log_in("canary-address@example.com", WRONG)
        .await
        .assert_status(401);
    assert_eq!(app.database.count("SELECT COUNT(*) FROM attempts").await, 1);
    let stored = app.database.dump().await;
    assert!(!stored.windows(6).any(|window| window == b"canary"));
}
