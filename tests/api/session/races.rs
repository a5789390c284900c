//! Many requests at the same time for one address or one session.

use chrono::TimeDelta;

use crate::helpers::{ALICE, PASSWORD, TestApp, at_once};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_sign_ups_for_one_address_one_succeeds() {
    let app = TestApp::new().await;
    let statuses = at_once(100, |number| {
        let client = app.client();
        let email = [ALICE, "ALICE@example.com", " Alice@Example.com ", "alice@EXAMPLE.COM"][number % 4];
        async move { client.sign_up(email, PASSWORD).await.status.as_u16() }
    });
    let (ok, others): (Vec<_>, Vec<_>) = statuses.await.into_iter().partition(|status| *status == 200);
    assert_eq!(ok.len(), 1);
    assert_eq!(others, [409; 99]);
    assert_eq!(app.database.users().await, 1);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_a_log_out_is_answered_no_request_is_signed_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for _ in 0..1000 {
        let client = alice.elsewhere().await;
        // A minute later every check also writes, which must not revive the session.
        app.clock.advance(TimeDelta::minutes(5));
        let (checker, late_checker) = (client.copy(), client.copy());
        let racing = tokio::spawn(async move {
            while checker.is_signed_in().await {
                tokio::task::yield_now().await;
            }
            checker.is_signed_in().await
        });
        assert_eq!(client.log_out().await.ok().body, "true");
        assert!(!late_checker.is_signed_in().await);
        assert!(!racing.await.unwrap());
    }
    // The session of the sign-up may be left; all others were ended.
    assert!(app.database.sessions().await <= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_log_outs_one_ends_the_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let bodies = at_once(20, |_| {
        let copy = alice.copy();
        async move { copy.log_out().await.ok().json() }
    });
    assert_eq!(bodies.await.iter().filter(|ended| **ended == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sessions_that_revoke_each_other_one_stays() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for _ in 0..60 {
        let sessions = [alice.elsewhere().await, alice.elsewhere().await];
        let statuses = at_once(2, |number| {
            let client = sessions[number].copy();
            async move { client.end_other_sessions().await.status.as_u16() }
        });
        let mut statuses = statuses.await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        let [first, second] = &sessions;
        assert_ne!(first.is_signed_in().await, second.is_signed_in().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_concurrent_uses_of_a_session_one_is_written() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database
        .execute(
            "CREATE TABLE renewals (at TEXT); CREATE TRIGGER count_renewals AFTER UPDATE ON sessions \
             BEGIN INSERT INTO renewals VALUES (NEW.last_seen_at); END",
            "CREATE TABLE renewals (at TEXT); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO renewals VALUES (NEW.last_seen_at::text); RETURN NEW; END $$; \
             CREATE TRIGGER count_renewals AFTER UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION note()",
        )
        .await;
    for written in 1..=10 {
        app.clock.advance(TimeDelta::minutes(5));
        let checks = at_once(20, |_| {
            let copy = alice.copy();
            async move { copy.is_signed_in().await }
        });
        assert_eq!(checks.await, [true; 20]);
        assert_eq!(app.count("SELECT COUNT(*) FROM renewals").await, written);
    }
}
