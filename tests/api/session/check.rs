//! `/api/auth/check`, `/api/auth/session`, `/api/auth/verify`, `GET /api/_auth/session`.

use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn check_has_no_body_when_signed_in() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    for method in [Method::HEAD, Method::GET] {
        let answer = client.send(method, "/api/auth/check", &[], Body::empty()).await;
        assert_eq!(answer.assert_status(204).body, "");
    }
}

#[tokio::test]
async fn every_operation_that_needs_a_session_says_so() {
    let app = TestApp::new().await;
    let client = app.client();
    for path in [
        "/api/auth/check",
        "/api/auth/session",
        "/api/auth/sessions",
        "/api/auth/verify",
    ] {
        client.get(path).await.assert_error(401, "not_authenticated");
    }
    client
        .delete("/api/auth/sessions")
        .await
        .assert_error(401, "not_authenticated");
    client
        .delete("/api/auth/sessions/0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70")
        .await
        .assert_error(401, "not_authenticated");
}

#[tokio::test]
async fn head_check_answers_401_when_nobody_is_signed_in() {
    let app = TestApp::new().await;
    app.client()
        .send(Method::HEAD, "/api/auth/check", &[], Body::empty())
        .await
        .assert_status(401);
}

#[tokio::test]
async fn the_session_is_the_sign_up_body_with_its_end_and_the_state_of_the_address() {
    let app = TestApp::new().await;
    let client = app.client();
    let mut expected = client.sign_up("user@example.com", PASSWORD).await.json();
    expected["user"]["email_verified"] = json!(false);
    expected["expires_at"] = json!("2024-10-11T00:00:00Z");
    expected["email_verified"] = json!(false);
    assert_eq!(client.get("/api/auth/session").await.json(), expected);
}

#[tokio::test]
async fn nuxt_auth_utils_reads_its_session_or_an_empty_object() {
    let app = TestApp::new().await;
    assert_eq!(
        app.client().get("/api/_auth/session").await.assert_status(200).json(),
        json!({})
    );
    let client = app.signed_up("user@example.com").await;
    let expected = client.get("/api/auth/session").await.json();
    assert_eq!(
        client.get("/api/_auth/session").await.assert_status(200).json(),
        expected
    );
}

#[tokio::test]
async fn verify_tells_a_proxy_who_is_signed_in() {
    let app = TestApp::new().await;
    let client = app.client();
    let user = client.sign_up("jösé%20@example.com", PASSWORD).await.json();
    let sessions = client.get("/api/auth/sessions").await.json();
    let answer = client.get("/api/auth/verify").await;
    assert_eq!(answer.assert_status(204).body, "");
    assert_eq!(answer.header("x-auth-user-id"), user["user"]["id"].as_str());
    assert_eq!(
        answer.header("x-auth-user-email"),
        Some("j%C3%B6s%C3%A9%2520@example.com")
    );
    assert_eq!(answer.header("x-auth-session-id"), sessions[0]["id"].as_str());
}

#[tokio::test]
async fn a_path_below_an_operation_is_not_that_operation() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    for path in [
        "/api/auth/session/x.css",
        "/api/auth/session/",
        "/api/auth//session",
        "/api/auth/%73ession/x",
        "/API/auth/session",
    ] {
        let answer = client.get(path).await;
        answer.assert_error(404, "not_found");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}
