//! What is written to PostgreSQL, and what waits for its disk.

use std::time::Duration;

use neptun_auth::app::App;
use tokio::time::{Instant, sleep};

use crate::helpers::{ALICE, PASSWORD, TestApp, setup};
use crate::limits::failures;

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_service_does_not_start_without_a_secret_key() {
    let app = TestApp::new().await;
    let mut unset = setup(&app.database.url, app.clock.clone());
    unset.secret_key = None;
    let error = App::open(unset).await.unwrap_err().to_string();
    assert!(error.contains("SECRET_KEY is needed with PostgreSQL"), "{error}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_renewal_updates_the_row_in_place_without_touching_an_index() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let in_place = "SELECT n_tup_hot_upd FROM pg_stat_user_tables \
        WHERE relname = 'sessions' AND schemaname = current_schema()";
    // PostgreSQL updates this number with a delay, and only when there is something to add.
    let began = Instant::now();
    while app.count(in_place).await == 0 {
        let limit = Duration::from_secs(20);
        assert!(began.elapsed() < limit, "every renewal has changed an index");
        app.clock.advance(app.app.lifetimes.renewal_interval());
        assert!(alice.is_signed_in().await);
        sleep(Duration::from_millis(200)).await;
    }
}

/// So a log-in waits for the disk once.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_session_of_a_log_in_waits_for_the_disk_and_its_failed_attempt_bucket_does_not() {
    const NOTE_COMMITS: &str = "CREATE TABLE commits (name TEXT, kind TEXT); \
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        INSERT INTO commits VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NEW; END $$; \
        CREATE TRIGGER note BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION note(); \
        CREATE TRIGGER note BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION note()";
    const AS_EXPECTED: &str =
        "SELECT COUNT(*) FROM commits WHERE (name, kind) IN (('attempts', 'off'), ('sessions', 'on'))";
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.user("alice").await;
    app.database.execute("", NOTE_COMMITS).await;
    for _ in 0..2 {
        app.log_in(ALICE, PASSWORD).await.ok();
    }
    assert_eq!(app.count(AS_EXPECTED).await, 4);
    assert_eq!(app.count("SELECT COUNT(*) FROM commits").await, 4);
}
