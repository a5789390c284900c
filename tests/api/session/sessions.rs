//! `/api/auth/sessions`: list, revoke one, revoke the others.

use chrono::TimeDelta;
use poem::Body;
use poem::http::Method;
use serde_json::{Value, json};

use crate::helpers::{Client, PASSWORD, TestApp};

async fn list(client: &Client) -> Vec<Value> {
    client
        .get("/api/auth/sessions")
        .await
        .assert_status(200)
        .json()
        .as_array()
        .unwrap()
        .clone()
}

async fn current_id(client: &Client) -> String {
    let sessions = list(client).await;
    let current = sessions.iter().find(|session| session["current"] == true).unwrap();
    current["id"].as_str().unwrap().to_owned()
}

async fn logged_in(app: &TestApp, email: &str) -> Client {
    let client = app.client();
    client.log_in(email, PASSWORD).await.assert_status(200);
    client
}

#[tokio::test]
async fn lists_where_the_account_is_signed_in_latest_first() {
    let app = TestApp::new().await;
    let phone = app.client();
    let agent = [("content-type", "application/json"), ("user-agent", "Phone/1.0")];
    let body = json!({ "email": "user@example.com", "password": PASSWORD }).to_string();
    phone
        .send(Method::POST, "/api/auth/sign-up", &agent, Body::from(body))
        .await
        .assert_status(200);
    app.clock.advance(TimeDelta::hours(1));
    let laptop = logged_in(&app, "user@example.com").await;
    app.signed_up("somebody.else@example.com").await;

    let sessions = list(&laptop).await;
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["current"], true);
    let expected = json!({
        "id": sessions[1]["id"], "current": false, "kind": "cookie",
        "created_at": "2024-10-04T00:00:00Z", "last_seen_at": "2024-10-04T00:00:00Z", "expires_at": "2024-10-11T00:00:00Z",
        "ip": null, "user_agent": "Phone/1.0",
    });
    assert_eq!(sessions[1], expected);
}

#[tokio::test]
async fn a_public_id_is_no_credential() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let id = current_id(&client).await;
    let thief = app.client();
    for value in [id.clone(), id.replace('-', "")] {
        thief.set_cookie(Some(format!("neptun-session={value}")));
        assert_eq!(thief.session_status().await, 401);
    }
}

#[tokio::test]
async fn one_session_can_be_ended_at_once() {
    let app = TestApp::new().await;
    let phone = app.signed_up("user@example.com").await;
    let laptop = logged_in(&app, "user@example.com").await;
    let path = format!("/api/auth/sessions/{}", current_id(&phone).await);
    let answer = laptop.delete(&path).await;
    assert_eq!(answer.assert_status(204).body, "");
    assert_eq!(phone.session_status().await, 401);
    assert_eq!(laptop.session_status().await, 200);
    laptop.delete(&path).await.assert_error(404, "not_found");
}

#[tokio::test]
async fn ending_the_current_session_takes_its_cookie_too() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    client
        .delete(&format!("/api/auth/sessions/{}", current_id(&client).await))
        .await
        .assert_status(204);
    assert_eq!(client.cookie(), None);
}

#[tokio::test]
async fn somebody_elses_session_is_as_unknown_as_one_that_never_was() {
    let app = TestApp::new().await;
    let victim = app.signed_up("victim@example.com").await;
    let attacker = app.signed_up("attacker@example.com").await;
    let theirs = attacker
        .delete(&format!("/api/auth/sessions/{}", current_id(&victim).await))
        .await;
    let nobodys = attacker
        .delete("/api/auth/sessions/0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70")
        .await;
    theirs.assert_error(404, "not_found");
    assert_eq!(theirs.body, nobodys.body);
    attacker
        .delete("/api/auth/sessions/not-an-id")
        .await
        .assert_error(404, "not_found");
    assert_eq!(victim.session_status().await, 200);
}

#[tokio::test]
async fn all_others_can_be_ended_and_the_current_one_stays() {
    let app = TestApp::new().await;
    let first = app.signed_up("user@example.com").await;
    let second = logged_in(&app, "user@example.com").await;
    let current = logged_in(&app, "user@example.com").await;
    let stranger = app.signed_up("somebody.else@example.com").await;
    let answer = current.delete("/api/auth/sessions").await;
    assert_eq!(answer.assert_status(200).json(), json!({ "revoked": 2 }));
    assert_eq!(first.session_status().await, 401);
    assert_eq!(second.session_status().await, 401);
    assert_eq!(current.session_status().await, 200);
    assert_eq!(stranger.session_status().await, 200);
    assert_eq!(
        current.delete("/api/auth/sessions").await.json(),
        json!({ "revoked": 0 })
    );
}
