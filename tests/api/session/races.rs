//! Many requests at once for one thing.

use chrono::TimeDelta;

use crate::helpers::{Client, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_sign_ups_for_one_address_one_succeeds() {
    let app = TestApp::new().await;
    let attempts: Vec<_> = (0..100)
        .map(|number| {
            let client = app.client();
            let email = [
                "user@example.com",
                "USER@example.com",
                " User@Example.com ",
                "user@EXAMPLE.COM",
            ][number % 4];
            tokio::spawn(async move { client.sign_up(email, PASSWORD).await.status.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        99,
        "{statuses:?}"
    );
    assert_eq!(app.database.users().await, 1);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_answer_of_a_log_out_no_request_is_signed_in() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    for _ in 0..1000 {
        let client = app.client();
        client.log_in("user@example.com", PASSWORD).await.assert_status(200);
        // A minute later every check also writes, which must not revive the session.
        app.clock.advance(TimeDelta::minutes(5));
        let (checker, late_checker) = (client.copy(), client.copy());
        let racing = tokio::spawn(async move {
            while checker.session_status().await == 200 {
                tokio::task::yield_now().await;
            }
            checker.session_status().await
        });
        assert_eq!(client.log_out().await.assert_status(200).body, "true");
        assert_eq!(late_checker.session_status().await, 401);
        assert_eq!(racing.await.unwrap(), 401);
    }
    // The sign-up's session has gone idle long ago or is still there; all others were ended.
    assert!(app.database.sessions().await <= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_log_outs_one_ends_the_session() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let copy = client.copy();
            tokio::spawn(async move { copy.log_out().await.body })
        })
        .collect();
    let mut ended = 0;
    for attempt in attempts {
        ended += usize::from(attempt.await.unwrap() == "true");
    }
    assert_eq!(ended, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sessions_that_revoke_each_other_one_stays() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    for _ in 0..60 {
        let (first, second) = (app.client(), app.client());
        for client in [&first, &second] {
            client.log_in("user@example.com", PASSWORD).await.assert_status(200);
        }
        let revoke = |client: &Client| {
            let client = client.copy();
            tokio::spawn(async move { client.delete("/api/auth/sessions").await.status.as_u16() })
        };
        let (one, other) = (revoke(&first), revoke(&second));
        let mut answers = [one.await.unwrap(), other.await.unwrap()];
        answers.sort_unstable();
        assert_eq!(answers, [200, 401]);
        let mut statuses = [first.session_status().await, second.session_status().await];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_at_the_same_time_one_is_written_down() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
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
        let checks: Vec<_> = (0..20)
            .map(|_| {
                let copy = client.copy();
                tokio::spawn(async move { copy.session_status().await })
            })
            .collect();
        for check in checks {
            assert_eq!(check.await.unwrap(), 200);
        }
        assert_eq!(app.database.count("SELECT COUNT(*) FROM renewals").await, written);
    }
}
