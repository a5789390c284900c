//! Which changes of an account wait for each other.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};
use tokio::time::sleep;

use crate::account::log_in_code::app_with_sign_up;
use crate::helpers::{ALICE, PASSWORD, TestApp};

/// Number of connections of this test that wait for a lock.
async fn waiting(app: &TestApp) -> i64 {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE application_name = current_schema() AND wait_event_type = 'Lock'";
    app.count(sql).await
}

/// The code was mailed before the account existed, so that it names none.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_mailed_code_locks_the_account_that_was_made_since() {
    let app = app_with_sign_up().await;
    let owner = app.client();
    owner.ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    let thief = app.user("alice").await;
    thief.send_email_code().await.ok();

    // The log-in by code stops at this code, after it has ended the thief's sessions.
    let mut other = PgConnection::connect(&app.database.url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    let hold = "UPDATE codes SET guesses = guesses WHERE purpose = 'verify_email'";
    assert_eq!(other.execute(hold).await.unwrap().rows_affected(), 1);
    let by_code = tokio::spawn({
        let owner = owner.clone();
        async move { owner.log_in_with_code(ALICE, &code).await }
    });
    while waiting(&app).await < 1 {
        sleep(Duration::from_millis(10)).await;
    }
    let late = app.client();
    let by_password = tokio::spawn({
        let late = late.clone();
        async move { late.log_in(ALICE, PASSWORD).await }
    });
    while waiting(&app).await < 2 && !by_password.is_finished() {
        sleep(Duration::from_millis(10)).await;
    }
    other.execute("COMMIT").await.unwrap();

    by_code.await.unwrap().ok();
    by_password.await.unwrap();
    assert!(owner.is_signed_in().await);
    assert!(!thief.is_signed_in().await);
    assert!(
        !late.is_signed_in().await,
        "a session of the thief's password has outlived it"
    );
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn ending_sessions_by_a_filter_waits_for_none_of_them_while_it_holds_others() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    app.user("alice").await;
    app.user("bob").await;
    let mut other = PgConnection::connect(&app.database.url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    let hold = "UPDATE sessions SET last_seen_at = last_seen_at WHERE id::text = (SELECT MAX(id::text) FROM sessions)";
    assert_eq!(other.execute(hold).await.unwrap().rows_affected(), 1);
    let ending = tokio::spawn(async move { operator.delete("/sessions?before=2030-01-01T00:00:00Z").await });
    // Its transaction has ended although the other one holds a session.
    while app.database.sessions().await > 1 {
        sleep(Duration::from_millis(10)).await;
    }
    other.execute("COMMIT").await.unwrap();
    assert_eq!(ending.await.unwrap().ok().json()["ended"], 2);
    assert_eq!(app.database.sessions().await, 0);
}
