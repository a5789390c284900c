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
