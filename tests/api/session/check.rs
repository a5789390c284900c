//! `/api/auth/check`, `/api/auth/session`, `/api/auth/verify`, `GET /api/_auth/session`.

use insta::assert_snapshot;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn check_has_no_body_when_signed_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for method in [Method::HEAD, Method::GET] {
        let answer = alice.send(method, "/api/auth/check", &[], Body::empty()).await;
        assert_eq!(answer.assert_status(204).body, "");
    }
}

#[tokio::test]
async fn operations_that_need_a_session_fail_without_one() {
    let app = TestApp::new().await;
    let client = app.client();
    for path in [
        "/api/auth/check",
        "/api/auth/session",
        "/api/auth/sessions",
        "/api/auth/verify",
    ] {
        client.get(path).await.fails(401, "not_authenticated");
    }
    client.end_other_sessions().await.fails(401, "not_authenticated");
    let unknown = "0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70";
    client.end_session(unknown).await.fails(401, "not_authenticated");
}

#[tokio::test]
async fn head_check_answers_401_without_a_session() {
    let app = TestApp::new().await;
    let client = app.client();
    let answer = client.send(Method::HEAD, "/api/auth/check", &[], Body::empty());
    answer.await.assert_status(401);
}

#[tokio::test]
async fn the_session_is_the_sign_up_body_with_its_expiry_and_the_state_of_the_address() {
    let app = TestApp::new().await;
    let client = app.client();
    let sign_up = client.sign_up(ALICE, PASSWORD).await;
    let session = client.get("/api/auth/session").await;
    assert_snapshot!(session, @r#"
    200 OK
    {
      "user": {
        "id": "[id]",
        "primary_email": "alice@example.com",
        "email_verified": false
      },
      "loggedInAt": "2024-10-04T00:00:00Z",
      "expires_at": "2024-10-11T00:00:00Z",
      "email_verified": false,
      "authenticated_at": "2024-10-04T00:00:00Z",
      "amr": [
        "pwd"
      ]
    }
    "#);
    assert_eq!(sign_up.json()["user"]["id"], session.json()["user"]["id"]);
    assert_eq!(sign_up.json()["loggedInAt"], session.json()["loggedInAt"]);
}

#[tokio::test]
async fn nuxt_auth_utils_reads_its_session_or_an_empty_object() {
    let app = TestApp::new().await;
    assert_eq!(app.client().get("/api/_auth/session").await.ok().json(), json!({}));
    let alice = app.user("alice").await;
    let expected = alice.session().await;
    assert_eq!(alice.get("/api/_auth/session").await.ok().json(), expected);
}

#[tokio::test]
async fn verify_names_the_account_and_the_session_to_a_proxy() {
    let app = TestApp::new().await;
    let client = app.client();
    let user = client.sign_up("jösé%20@example.com", PASSWORD).await.json();
    let answer = client.get("/api/auth/verify").await;
    assert_eq!(answer.assert_status(204).body, "");
    assert_eq!(answer.header("x-auth-user-id"), user["user"]["id"].as_str());
    let session = client.session_id().await;
    assert_eq!(answer.header("x-auth-session-id"), Some(&*session));
    // An application takes an address in a header of this name for proven.
    assert_eq!(answer.header("x-auth-user-email"), None);
    assert_eq!(answer.header("x-auth-email-verified"), Some("false"));
    client.send_email_code().await.ok();
    client
        .verify_email(&app.code_to("jösé%20@example.com").await)
        .await
        .ok();
    let email = "j%C3%B6s%C3%A9%2520@example.com";
    let answer = client.get("/api/auth/verify").await;
    assert_eq!(answer.header("x-auth-user-email"), Some(email));
    assert_eq!(answer.header("x-auth-email-verified"), Some("true"));
}

#[tokio::test]
async fn a_path_below_an_operation_is_not_that_operation() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for path in [
        "/api/auth/session/x.css",
        "/api/auth//session",
        "/api/auth/%73ession/x",
        "/API/auth/session",
    ] {
        let answer = alice.get(path).await;
        answer.fails(404, "not_found");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}
