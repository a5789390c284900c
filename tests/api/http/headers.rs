//! The headers that every response carries.

use std::collections::HashSet;

use poem::Body;
use poem::http::Method;

use crate::helpers::{ALICE, Answer, PASSWORD, TestApp};

/// One answer of every kind: success, each kind of error, documentation.
async fn answers(app: &TestApp) -> Vec<Answer> {
    let client = app.client();
    let origin = [("origin", "https://evil.example")];
    let large = [("content-length", "999999")];
    vec![
        client.sign_up(ALICE, PASSWORD).await,
        client.get("/api/auth/session").await,
        client.get("/api/auth/check").await,
        client.sign_up(ALICE, PASSWORD).await,
        client.sign_up("no address", "short").await,
        client.log_out().await,
        client.get("/api/auth/session").await,
        client.get("/nope").await,
        client.get("/api/auth/login").await,
        client
            .send(Method::POST, "/api/auth/login", &origin, Body::empty())
            .await,
        client.send(Method::POST, "/api/auth/login", &[], Body::empty()).await,
        client
            .send(Method::POST, "/api/auth/login", &large, Body::empty())
            .await,
        client.get("/health/ready").await,
        client.get("/openapi.json").await,
        client.get("/docs").await,
    ]
}

#[tokio::test]
async fn every_response_carries_the_protective_headers() {
    let app = TestApp::new().await;
    let mut statuses = HashSet::new();
    for answer in answers(&app).await {
        statuses.insert(answer.status.as_u16());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("vary"), Some("Origin"));
        assert_eq!(answer.header("strict-transport-security"), None);
        assert_eq!(answer.header("server"), None);
    }
    assert_eq!(
        statuses,
        HashSet::from([200, 204, 307, 400, 401, 403, 404, 405, 409, 413, 415])
    );
}

#[tokio::test]
async fn every_response_names_its_request_differently() {
    let app = TestApp::new().await;
    let answers = answers(&app).await;
    let ids: HashSet<_> = answers
        .iter()
        .map(|answer| answer.header("x-request-id").unwrap())
        .collect();
    assert_eq!(ids.len(), answers.len());
}

#[tokio::test]
async fn browsers_are_told_to_stay_with_https() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    for answer in answers(&app).await {
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000"));
    }
}
