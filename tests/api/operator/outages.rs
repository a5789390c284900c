//! The database fails: the answer says so in the error body, and nothing is half done.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::timeout;

use crate::helpers::{PASSWORD, TestApp, TestDatabase, proxy};

#[tokio::test]
async fn without_its_database_the_service_refuses_in_the_error_body() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.database.remove().await;
    let sign_up = app.client().sign_up("second@example.com", PASSWORD).await;
    assert!(sign_up.status.is_server_error(), "{}", sign_up.body);
    let code = if sign_up.status == 503 {
        "unavailable"
    } else {
        "internal_error"
    };
    sign_up.assert_error(sign_up.status.as_u16(), code);
    assert_eq!(sign_up.set_cookie(), None);
    for word in ["sql", "SQL", "table", "relation", "file", "test.db"] {
        assert!(!sign_up.body.contains(word), "{}", sign_up.body);
    }
    let log_out = client.log_out().await;
    assert!(log_out.status.is_server_error());
}

#[tokio::test]
async fn a_lost_database_is_not_ready() {
    let app = TestApp::new().await;
    app.client().get("/health/ready").await.assert_status(200);
    let forget = "DELETE FROM _sqlx_migrations";
    app.database.execute(forget, forget).await;
    let answer = app.client().get("/health/ready").await;
    answer.assert_error(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    app.client().get("/health/live").await.assert_status(200);
}

#[tokio::test]
async fn a_log_in_whose_session_cannot_be_kept_changes_nothing() {
    let app = TestApp::new().await;
    let home = || app.client().at("198.51.100.20");
    home().sign_up("user@example.com", PASSWORD).await.assert_status(200);
    app.database.refuse("INSERT").await;
    app.clock.advance(TimeDelta::minutes(1));
    for network in ["198.51.100.20", "203.0.113.9"] {
        let refused = app.client().at(network).log_in("user@example.com", PASSWORD).await;
        assert!(
            refused.status.is_server_error() && refused.set_cookie().is_none(),
            "{network}"
        );
    }
    let noted = "SELECT COUNT(*) FROM users WHERE last_log_in_at <> created_at";
    assert_eq!(app.database.count(noted).await, 0);
    // Whoever makes the service fail gets no more guesses by it.
    assert_eq!(app.database.count("SELECT COUNT(*) FROM attempts").await, 2);
}

#[tokio::test]
async fn where_the_presented_session_cannot_be_ended_no_other_starts() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.database.refuse("DELETE").await;
    let signed_up = client.sign_up("other@example.com", PASSWORD).await;
    signed_up.assert_error(500, "internal_error");
    let logged_in = client.log_in("user@example.com", PASSWORD).await;
    logged_in.assert_error(500, "internal_error");
    assert_eq!(client.session_status().await, 200);
    assert_eq!(app.database.users().await, 1);
    assert_eq!(app.database.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn a_session_that_cannot_be_renewed_is_still_recognised() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.database.refuse("UPDATE").await;
    app.clock.advance(TimeDelta::hours(1));
    let answer = client.get("/api/auth/session").await;
    assert_eq!(answer.assert_status(200).set_cookie(), None);
}

/// SQLite has no network in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_go_on_after_one_that_was_never_answered() {
    let database = TestDatabase::create().await;
    if !database.is_postgres() {
        return;
    }
    let url = proxy::silent_after(&database.url, "UPDATE sessions SET last_seen_at").await;
    let app = TestApp::by_way_of(url, database).await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::minutes(6));
    let renewed = "SELECT COUNT(*) FROM sessions WHERE last_seen_at > created_at";
    assert_eq!(
        client.session_status().await,
        200,
        "a renewal that is not answered keeps nobody waiting"
    );
    assert_eq!(app.database.count(renewed).await, 0, "the first renewal has failed");
    let renewal = async {
        while app.database.count(renewed).await == 0 {
            assert_eq!(client.session_status().await, 200);
        }
    };
    let in_time = timeout(Duration::from_secs(20), renewal).await;
    assert!(in_time.is_ok(), "no session is renewed any more");
}

#[tokio::test]
async fn a_session_is_never_assumed_when_the_store_cannot_tell() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let rename = "ALTER TABLE sessions RENAME TO hidden";
    app.database.execute(rename, rename).await;
    for path in [
        "/api/auth/check",
        "/api/auth/session",
        "/api/auth/verify",
        "/api/auth/sessions",
        "/api/_auth/session",
    ] {
        client.get(path).await.assert_error(503, "unavailable");
    }
}
