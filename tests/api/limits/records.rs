//! What is kept of failures: how long, under which names, and what is none.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;

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
        purge_expired(&app.app).await.unwrap();
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

/// A log-in waits for PostgreSQL's disk once.
#[tokio::test]
async fn the_session_of_a_log_in_waits_for_the_disk_and_the_counter_does_not() {
    const NOTE_COMMITS: &str = "CREATE TABLE commits (name TEXT, kind TEXT); \
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        INSERT INTO commits VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NEW; END $$; \
        CREATE TRIGGER note BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION note(); \
        CREATE TRIGGER note BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION note()";
    const AS_EXPECTED: &str =
        "SELECT COUNT(*) FROM commits WHERE (name, kind) IN (('attempts', 'off'), ('sessions', 'on'))";
    let app = TestApp::with_limits(failures("3/15m")).await;
    if !app.database.is_postgres() {
        return;
    }
    app.signed_up("user@example.com").await;
    app.database.execute("", NOTE_COMMITS).await;
    for _ in 0..2 {
        app.client()
            .log_in("user@example.com", PASSWORD)
            .await
            .assert_status(200);
    }
    assert_eq!(app.database.count(AS_EXPECTED).await, 4);
    assert_eq!(app.database.count("SELECT COUNT(*) FROM commits").await, 4);
}
