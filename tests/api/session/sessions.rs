//! `/api/auth/sessions`: list, revoke one, revoke the others.

use chrono::TimeDelta;
use insta::assert_snapshot;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

const UNKNOWN_ID: &str = "0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70";

#[tokio::test]
async fn lists_the_sessions_of_the_account_the_one_used_last_first() {
    let app = TestApp::new().await;
    let body = json!({ "email": ALICE, "password": PASSWORD });
    let phone = [("user-agent", "Phone/1.0")];
    let sign_up = app
        .client()
        .send_json_with("POST", "/api/auth/sign-up", &phone, &body)
        .await;
    sign_up.ok();
    app.clock.advance(TimeDelta::hours(1));
    let laptop = app.client();
    laptop.log_in(ALICE, PASSWORD).await.ok();
    app.user("bob").await;
    assert_snapshot!(laptop.get("/api/auth/sessions").await, @r#"
    200 OK
    [
      {
        "id": "[id]",
        "current": true,
        "kind": "cookie",
        "created_at": "2024-10-04T01:00:00Z",
        "authenticated_at": "2024-10-04T01:00:00Z",
        "amr": [
          "pwd"
        ],
        "last_seen_at": "2024-10-04T01:00:00Z",
        "expires_at": "2024-10-11T01:00:00Z",
        "ip": null,
        "user_agent": null
      },
      {
        "id": "[id]",
        "current": false,
        "kind": "cookie",
        "created_at": "2024-10-04T00:00:00Z",
        "authenticated_at": "2024-10-04T00:00:00Z",
        "amr": [
          "pwd"
        ],
        "last_seen_at": "2024-10-04T00:00:00Z",
        "expires_at": "2024-10-11T00:00:00Z",
        "ip": null,
        "user_agent": "Phone/1.0"
      }
    ]
    "#);
}

#[tokio::test]
async fn the_public_id_of_a_session_is_not_a_credential() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let id = alice.session_id().await;
    let thief = app.client();
    for value in [id.clone(), id.replace('-', "")] {
        thief.set_cookie(Some(format!("neptun-session={value}")));
        assert!(!thief.is_signed_in().await);
    }
}

#[tokio::test]
async fn one_session_can_end_another() {
    let app = TestApp::new().await;
    let phone = app.user("alice").await;
    let laptop = phone.elsewhere().await;
    let id = phone.session_id().await;
    let answer = laptop.end_session(&id).await;
    assert_eq!(answer.assert_status(204).body, "");
    assert!(!phone.is_signed_in().await);
    assert!(laptop.is_signed_in().await);
    laptop.end_session(&id).await.fails(404, "not_found");
}

#[tokio::test]
async fn ending_the_current_session_removes_its_cookie_too() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.end_session(&alice.session_id().await).await.assert_status(204);
    assert_eq!(alice.cookie(), None);
}

#[tokio::test]
async fn the_session_of_another_account_is_as_unknown_as_one_that_does_not_exist() {
    let app = TestApp::new().await;
    let victim = app.user("victim").await;
    let attacker = app.user("attacker").await;
    let victims = attacker.end_session(&victim.session_id().await).await;
    let unknown = attacker.end_session(UNKNOWN_ID).await;
    victims.fails(404, "not_found");
    assert_eq!(victims.body, unknown.body);
    attacker.end_session("not-an-id").await.fails(404, "not_found");
    assert!(victim.is_signed_in().await);
}

#[tokio::test]
async fn one_session_can_end_all_others_of_its_account() {
    let app = TestApp::new().await;
    let first = app.user("alice").await;
    let second = first.elsewhere().await;
    let current = first.elsewhere().await;
    let bob = app.user("bob").await;
    let answer = current.end_other_sessions().await;
    assert_eq!(answer.ok().json(), json!({ "revoked": 2 }));
    assert!(!first.is_signed_in().await);
    assert!(!second.is_signed_in().await);
    assert!(current.is_signed_in().await);
    assert!(bob.is_signed_in().await);
    assert_eq!(current.end_other_sessions().await.json(), json!({ "revoked": 0 }));
}
