//! How instances learn that a session or an account has changed: `LISTEN` and `NOTIFY`.

use std::time::Instant;

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use serde_json::Value;

use crate::helpers::{ALICE, Client, PASSWORD, TestApp};
use crate::session::{check, check_until_cached, check_until_ended};

async fn account_id(client: &Client) -> Value {
    client.session().await["user"]["id"].clone()
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_truncated_table_of_sessions_is_noticed_within_a_second() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    check_until_cached(&app.app, &alice).await;
    app.execute("TRUNCATE sessions").await;
    check_until_ended(&alice, Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_instance_whose_listening_connection_is_cut_stops_trusting_its_cache_within_a_second() {
    let app = TestApp::new().await;
    let (there, second) = app.second_app().await;
    for round in 0..5 {
        let user = app.user(&format!("user{round}")).await;
        let copy = there.copy();
        copy.set_cookie(user.cookie());
        check_until_cached(&second, &copy).await;
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE query = 'SELECT 1' AND application_name = current_schema()";
        assert!(app.count(cut).await >= 1, "no connection listens");
        user.log_out().await.ok();
        check_until_ended(&copy, Instant::now()).await;
        assert_eq!(check(&copy).await, 401);
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn sign_up_log_in_and_renewal_notify_no_instance() {
    let app = TestApp::new().await;
    let mut listener = app.database.listener().await.unwrap();
    let alice = app.user("alice").await;
    app.log_in(ALICE, PASSWORD).await.ok();
    app.clock.advance(TimeDelta::minutes(5));
    let renewal = alice.get("/api/auth/check").await;
    assert!(renewal.set_cookie().is_some(), "nothing was renewed");
    let bob = app.user("bob").await;
    let (alices_id, bobs_id) = (account_id(&alice).await, account_id(&bob).await);
    bob.log_out().await.ok();
    // Notifications arrive in the order of the commits. An instance announces itself with an id that no account has.
    loop {
        let notification = listener.recv().await.unwrap();
        assert_ne!(alices_id, notification.payload());
        if bobs_id == notification.payload() {
            break;
        }
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn every_column_of_an_account_notifies_but_those_that_no_session_shows() {
    let app = TestApp::new().await;
    let columns = i64::try_from(app.database.columns("users").await.len()).unwrap();
    let as_meant = "SELECT COUNT(*) FROM pg_trigger t \
        JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum > 0 AND NOT a.attisdropped \
        WHERE t.tgname = 'user_changed' AND t.tgrelid = 'users'::regclass \
        AND (a.attnum = ANY (t.tgattr)) <> (a.attname IN ('password_hash', 'last_log_in_at', 'device_generation'))";
    assert_eq!(app.count(as_meant).await, columns);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_purge_of_expired_sessions_notifies_no_instance() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (alices_id, bobs_id) = (account_id(&alice).await, account_id(&bob).await);
    app.clock.advance(TimeDelta::days(8));
    bob.log_in().await.ok();
    let mut listener = app.database.listener().await.unwrap();
    while purge_expired(&app.app).await.unwrap() {}
    assert_eq!(app.database.sessions().await, 1, "nothing was purged");
    bob.log_out().await.ok();
    loop {
        let notification = listener.recv().await.unwrap();
        assert_ne!(alices_id, notification.payload());
        if bobs_id == notification.payload() {
            break;
        }
    }
}

/// As subscribers of logical replication do, and tools that restore data.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn rows_that_a_replica_deletes_are_noticed_within_a_second() {
    for sql in [
        "SET LOCAL session_replication_role = replica; DELETE FROM sessions",
        "SET LOCAL session_replication_role = replica; UPDATE sessions SET idle_expires_at = 'epoch'",
        "SET LOCAL session_replication_role = replica; DELETE FROM users",
        "SET LOCAL session_replication_role = replica; UPDATE users SET email = 'other@example.com'",
        "SET LOCAL session_replication_role = replica; TRUNCATE sessions",
    ] {
        let app = TestApp::new().await;
        app.user("alice").await;
        let mut listener = app.database.listener().await.unwrap();
        app.database.execute("", sql).await;
        let told = tokio::time::timeout(std::time::Duration::from_secs(1), listener.recv()).await;
        assert!(told.is_ok(), "{sql}");
    }
}
