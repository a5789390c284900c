//! `DELETE /api/users/{user_id}`.

use chrono::TimeDelta;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn everything_about_the_account_is_deleted_but_an_event_that_says_so() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.elsewhere().await;
    let tokens = alice.tokens().await;
    alice.send_email_code().await.ok();
    app.user("bob").await;

    let deleted = alice.delete_account().await;
    assert_eq!(deleted.ok().json(), true);
    assert_eq!(alice.cookie(), None);
    assert!(!elsewhere.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.client().get_as("/api/me/", &tokens.access).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");

    assert_eq!((app.database.users().await, app.database.sessions().await), (1, 1));
    assert_eq!(app.count("SELECT COUNT(*) FROM codes").await, 0);
    let tombstones = "SELECT COUNT(*) FROM events WHERE kind = 'account_deleted'";
    assert_eq!(app.count(tombstones).await, 1);
    let mails = app.mails().await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    // The mail with the code was still in the outbox, and is not sent any more.
    assert_eq!(subjects, ["Your account was deleted"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
    app.client().sign_up(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn it_needs_the_password_or_a_log_in_within_ten_minutes() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(10));
    alice.delete_account().await.fails(403, "reauthentication_required");
    let wrong = json!({ "current_password": "not it at all" });
    let answer = alice.send_json("DELETE", "/api/users/me", &wrong).await;
    assert_eq!(answer.issues(), ["current_password: incorrect"]);
    assert_eq!(app.database.users().await, 1);
    let right = json!({ "current_password": PASSWORD });
    alice.send_json("DELETE", "/api/users/me", &right).await.ok();
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn a_body_is_optional_but_must_be_json() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for (media_type, body, status, code) in [
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/json", "{", 400, "validation_error"),
    ] {
        let headers = [("content-type", media_type)];
        let answer = alice.send(Method::DELETE, "/api/users/me", &headers, Body::from(body));
        answer.await.fails(status, code);
    }
    assert_eq!(app.database.users().await, 1);
}
