//! Paths with and without a final slash.

use neptun_auth::api::spec::Document;
use poem::Body;
use poem::http::Method;
use serde_json::Value;

use super::document::operations;
use crate::helpers::{PASSWORD, TestApp};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test]
async fn every_operation_works_with_a_final_slash() {
    let document: Value = serde_json::from_str(&Document::of_defaults().json()).unwrap();
    let app = TestApp::new().await;
    let client = app.client();
    for (method, path, _) in operations(&document) {
        let id = "0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70";
        let path = path
            .replace("{id}", id)
            .replace("{user_id}", "me")
            .replace("{email}", "alice@example.com");
        let method: Method = method.to_uppercase().parse().unwrap();
        let send = |path: String| {
            let (client, method) = (&client, method.clone());
            async move { client.send(method, &path, &JSON, Body::from("{}")).await }
        };
        let (without, with) = (send(path.clone()).await, send(format!("{path}/")).await);
        assert_eq!(
            (with.status, lasting_part(&with.body)),
            (without.status, lasting_part(&without.body)),
            "{method} {path}"
        );
        let other = client.send(Method::PUT, &format!("{path}/"), &[], Body::empty()).await;
        let known = if path == "/api/auth/verify" { 401 } else { 405 };
        assert_eq!(
            other.assert_status(known).header("allow").is_some(),
            known == 405,
            "{path}"
        );
    }
}

/// A body without the random values that no two answers share.
fn lasting_part(body: &str) -> Value {
    let Ok(mut body) = serde_json::from_str::<Value>(body) else {
        return Value::String(body.to_owned());
    };
    for random in ["/requestOptions/challenge", "/attemptId"] {
        if let Some(value) = body.pointer_mut(random) {
            *value = Value::Null;
        }
    }
    body
}

#[tokio::test]
async fn a_session_lives_at_paths_with_a_final_slash_and_a_query() {
    let app = TestApp::new().await;
    let client = app.client();
    let body = serde_json::json!({ "email": "alice@example.com", "password": PASSWORD });
    client.post("/api/auth/sign-up/", &body).await.ok();
    client.get("/api/auth/session/?x=1").await.ok();
    client.get("/api/auth/check/").await.assert_status(204);
    client.get("/api/users/me/export/").await.ok();
    assert_eq!(
        client.post("/api/auth/logout/", &serde_json::json!({})).await.body,
        "true"
    );
    client.get("/api/auth/session/").await.fails(401, "not_authenticated");
}

#[tokio::test]
async fn other_paths_with_a_final_slash_are_as_they_were() {
    let app = TestApp::new().await;
    let client = app.client();
    for path in [
        "/nope/",
        "/api/",
        "/api/auth/",
        "/openapi.json/",
        "/api/auth/session/x/",
        "//",
        "/api/auth/session//",
    ] {
        client.get(path).await.fails(404, "not_found");
    }
    client.get("/docs/").await.ok();
    client.get("/").await.ok();
}
