//! Failures of the database: they are answered with the error body, and leave nothing half done.

use chrono::TimeDelta;

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn without_its_database_the_service_answers_with_the_error_body() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database.remove().await;
    let sign_up = app.client().sign_up("second@example.com", PASSWORD).await;
    assert!(sign_up.status.is_server_error(), "{}", sign_up.body);
    let code = if sign_up.status == 503 {
        "unavailable"
    } else {
        "internal_error"
    };
    sign_up.fails(sign_up.status.as_u16(), code);
    assert_eq!(sign_up.set_cookie(), None);
    for word in ["sql", "SQL", "table", "relation", "file", "test.db"] {
        assert!(!sign_up.body.contains(word), "{}", sign_up.body);
    }
    let log_out = alice.log_out().await;
    assert!(log_out.status.is_server_error());
}

#[tokio::test]
async fn without_its_schema_the_service_is_not_ready() {
    let app = TestApp::new().await;
    app.client().get("/health/ready").await.ok();
    app.execute("DELETE FROM _sqlx_migrations").await;
    let answer = app.client().get("/health/ready").await;
    answer.fails(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    app.client().get("/health/live").await.ok();
}

#[tokio::test]
async fn a_log_in_whose_session_cannot_be_kept_changes_nothing() {
    let app = TestApp::new().await;
    app.user_at("198.51.100.20", "alice").await;
    app.database.refuse("INSERT").await;
    app.clock.advance(TimeDelta::minutes(1));
    for network in ["198.51.100.20", "203.0.113.9"] {
        let answer = app.client().at(network).log_in(ALICE, PASSWORD).await;
        assert!(answer.status.is_server_error(), "{network}");
        assert_eq!(answer.set_cookie(), None, "{network}");
    }
    let noted = "SELECT COUNT(*) FROM users WHERE last_log_in_at <> created_at";
    assert_eq!(app.count(noted).await, 0);
    // The attempts count, so that a client which can make the service fail gets no more guesses.
    assert_eq!(app.count("SELECT COUNT(*) FROM attempts").await, 2);
}

#[tokio::test]
async fn if_the_presented_session_cannot_be_ended_no_other_starts() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database.refuse("DELETE").await;
    let signed_up = alice.sign_up("bob@example.com", PASSWORD).await;
    signed_up.fails(500, "internal_error");
    let logged_in = alice.log_in().await;
    logged_in.fails(500, "internal_error");
    assert!(alice.is_signed_in().await);
    assert_eq!(app.database.users().await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn a_session_that_cannot_be_renewed_is_still_recognised() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database.refuse("UPDATE").await;
    app.clock.advance(TimeDelta::hours(1));
    let answer = alice.get("/api/auth/session").await;
    assert_eq!(answer.ok().set_cookie(), None);
}

#[tokio::test]
async fn if_the_store_fails_no_session_is_assumed() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.execute("ALTER TABLE sessions RENAME TO hidden").await;
    for path in [
        "/api/auth/check",
        "/api/auth/session",
        "/api/auth/verify",
        "/api/auth/sessions",
        "/api/_auth/session",
    ] {
        alice.get(path).await.fails(503, "unavailable");
    }
}
