//! Transactions that the database gives up in favour of another one: at the isolation level `serializable`, for
//! deadlocks, and all the time in engines that speak PostgreSQL's protocol.

use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::account::log_in_code::app_with_sign_up;
use crate::helpers::{ALICE, PASSWORD, TestApp, TestDatabase};

/// Lets the first transactions that write a session fail as they commit, as often as `meetings` has to count.
const AT_COMMIT: &str = "CREATE SEQUENCE meetings; \
    CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    IF nextval('meetings') <= 2 THEN RAISE 'injected' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$; \
    CREATE CONSTRAINT TRIGGER meet AFTER INSERT OR UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION meet()";

/// Lets every transaction that writes a session fail in its middle.
const ALWAYS: &str = "CREATE SEQUENCE meetings; \
    CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    PERFORM nextval('meetings'); RAISE 'injected' USING ERRCODE = '40P01'; END $$; \
    CREATE TRIGGER meet BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION meet()";

/// From here on, the next two transactions fail again.
async fn again(app: &TestApp) {
    app.database.execute("", "ALTER SEQUENCE meetings RESTART").await;
}

async fn meetings(app: &TestApp) -> i64 {
    app.count("SELECT last_value FROM meetings").await
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_request_whose_transaction_was_given_up_is_tried_again_and_done_once() {
    let app = app_with_sign_up().await;
    app.database.execute("", AT_COMMIT).await;
    let alice = app.user("alice").await;
    assert_eq!(meetings(&app).await, 3, "the sign-up met another transaction twice");
    assert_eq!((app.database.users().await, app.database.sessions().await), (1, 1));
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE kind = 'sign_up'").await, 1);
    assert!(alice.is_signed_in().await);

    again(&app).await;
    alice.another().log_in(ALICE, PASSWORD).await.ok();
    assert_eq!((meetings(&app).await, app.database.sessions().await), (3, 2));

    again(&app).await;
    let tokens = alice.tokens().await;
    assert!(meetings(&app).await >= 3);
    again(&app).await;
    alice.another().refresh(&tokens.refresh).await.ok();
    assert!(meetings(&app).await >= 3);

    again(&app).await;
    alice.change_password(PASSWORD, "a wholly different one").await.ok();
    assert!(meetings(&app).await >= 3);
    assert!(alice.is_signed_in().await);

    alice.another().ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    again(&app).await;
    let by_code = alice.another();
    by_code.log_in_with_code(ALICE, &code).await.ok();
    assert!(meetings(&app).await >= 3);
    assert!(by_code.is_signed_in().await);
}

/// What can be used once must not be spent by a try that was given up.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_code_of_an_app_is_good_for_the_try_that_succeeds() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.database.execute("", AT_COMMIT).await;
    app.clock.advance(TimeDelta::seconds(30));
    let half = alice.half_log_in().await;
    again(&app).await;
    half.finish_log_in(&authenticator.code()).await.ok();
    assert!(meetings(&app).await >= 3);
    let half = alice.half_log_in().await;
    again(&app).await;
    let code = &authenticator.recovery_codes[0];
    half.finish_log_in_with_recovery_code(code).await.ok();
    assert!(meetings(&app).await >= 3);
    let half = alice.half_log_in().await;
    half.finish_log_in_with_recovery_code(code)
        .await
        .fails(400, "invalid_otp");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_request_that_goes_on_meeting_others_is_tried_three_times_and_answered_503() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.database.execute("", ALWAYS).await;
    let answer = app.log_in(ALICE, PASSWORD).await;
    assert_eq!(answer.header("retry-after"), Some("2"));
    answer.fails(503, "unavailable");
    assert_eq!((meetings(&app).await, app.database.sessions().await), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn at_the_strictest_isolation_level_nothing_is_lost_and_nothing_fails_otherwise() {
    let mut database = TestDatabase::create().await;
    database.url += "&options[default_transaction_isolation]=serializable";
    let app = TestApp::on(database, |_| {}).await;
    let sign_ups = (0..24).map(|number| {
        let client = app.client();
        async move {
            let answer = client.sign_up(&format!("user{number}@example.com"), PASSWORD).await;
            answer.status.as_u16()
        }
    });
    let statuses = join_all(sign_ups).await;
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    let succeeded = statuses.iter().filter(|status| **status == 200).count();
    assert!(succeeded > 0, "{statuses:?}");
    assert_eq!(app.database.users().await, i64::try_from(succeeded).unwrap());
    assert_eq!(app.database.sessions().await, i64::try_from(succeeded).unwrap());
}
