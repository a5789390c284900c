//! The one error body, for the framework's refusals as well as our own.

use poem::Body;
use poem::http::Method;

use crate::helpers::TestApp;

#[tokio::test]
async fn unknown_paths_have_the_error_body() {
    let app = TestApp::new().await;
    for path in [
        "/nope",
        "/api",
        "/api/auth",
        "/api/auth/sign-up/x",
        "/.git/config",
        "/docs/x",
    ] {
        app.client().get(path).await.assert_error(404, "not_found");
    }
}

#[tokio::test]
async fn methods_that_a_path_does_not_take_are_named_with_those_it_does() {
    let app = TestApp::new().await;
    let client = app.client();
    for (method, path, allow) in [
        (Method::GET, "/api/auth/sign-up", "POST"),
        (Method::PUT, "/api/auth/login", "POST"),
        (Method::POST, "/api/auth/sessions", "GET, HEAD, DELETE"),
        (
            Method::GET,
            "/api/auth/sessions/0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70",
            "DELETE",
        ),
        (Method::POST, "/api/auth/check", "HEAD, GET"),
        (Method::DELETE, "/health/live", "GET, HEAD"),
        (Method::POST, "/openapi.json", "GET, HEAD"),
        (Method::TRACE, "/api/auth/session", "GET, HEAD"),
        (Method::OPTIONS, "/api/auth/session", "GET, HEAD"),
    ] {
        let answer = client.send(method.clone(), path, &[], Body::empty()).await;
        answer.assert_error(405, "method_not_allowed");
        let mut found: Vec<_> = answer.header("allow").unwrap().split(", ").collect();
        let mut expected: Vec<_> = allow.split(", ").collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn liveness_and_readiness_answer() {
    let app = TestApp::new().await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(
            app.client().get(path).await.assert_status(200).body,
            r#"{"status":"ok"}"#
        );
    }
}
