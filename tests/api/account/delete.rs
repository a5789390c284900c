//! `DELETE /api/users/{user_id}`.

use chrono::TimeDelta;
use poem::Body;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

const USER: &str = "user@example.com";

#[tokio::test]
async fn everything_about_the_person_goes_and_a_tombstone_stays() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let elsewhere = app.client();
    elsewhere.log_in(USER, PASSWORD).await.assert_status(200);
    let tokens = app.client().token_pair(USER, PASSWORD).await;
    client
        .post("/api/auth/email/send-code", &json!({}))
        .await
        .assert_status(200);
    app.signed_up("other@example.com").await;

    let deleted = client.delete("/api/users/me").await;
    assert_eq!(deleted.assert_status(200).json(), true);
    assert_eq!(client.cookie(), None);
    assert_eq!(elsewhere.session_status().await, 401);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.client().get_as("/api/me/", &tokens.access).await.assert_status(401);
    app.client()
        .log_in(USER, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");

    assert_eq!((app.database.users().await, app.database.sessions().await), (1, 1));
    assert_eq!(app.database.count("SELECT COUNT(*) FROM codes").await, 0);
    assert_eq!(
        app.database
            .count("SELECT COUNT(*) FROM events WHERE kind = 'account_deleted'")
            .await,
        1
    );
    let mails = app.mails().await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["Your account was deleted"],
        "the code that waited is not sent any more"
    );
    assert_eq!(app.database.count("SELECT COUNT(*) FROM outbox").await, 0);
    app.client().sign_up(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn it_needs_the_password_or_a_log_in_within_ten_minutes() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    app.clock.advance(TimeDelta::minutes(10));
    client
        .delete("/api/users/me")
        .await
        .assert_error(403, "reauthentication_required");
    let wrong = json!({ "current_password": "not it at all" });
    client
        .send_json("DELETE", "/api/users/me", &wrong)
        .await
        .assert_error(403, "reauthentication_required");
    assert_eq!(app.database.users().await, 1);
    let right = json!({ "current_password": PASSWORD });
    client
        .send_json("DELETE", "/api/users/me", &right)
        .await
        .assert_status(200);
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn a_body_that_is_there_has_to_be_json() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let text = [("content-type", "text/plain")];
    let answer = client
        .send("DELETE".parse().unwrap(), "/api/users/me", &text, Body::from("{}"))
        .await;
    answer.assert_error(415, "unsupported_media_type");
    let broken = [("content-type", "application/json")];
    let answer = client
        .send("DELETE".parse().unwrap(), "/api/users/me", &broken, Body::from("{"))
        .await;
    answer.assert_error(400, "validation_error");
    assert_eq!(app.database.users().await, 1);
}
