//! The one error body, for the framework's errors as well as our own.

use chrono::TimeDelta;
use insta::assert_snapshot;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, limits};

/// The codes that take an outage or a slow client are in `operator/outages.rs` and `process/connections.rs`.
#[tokio::test]
async fn each_code_has_its_status_and_message() {
    let app = TestApp::with_setup(|setup| setup.mail.require_verified_email = true).await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(10));
    let (json_type, text) = (("content-type", "application/json"), ("content-type", "text/plain"));
    let (large, foreign) = (("content-length", "99999"), ("origin", "https://evil.example"));
    let post = async |headers: &[(&str, &str)]| {
        let client = app.client();
        client
            .send(Method::POST, "/api/auth/login", headers, Body::from("{}"))
            .await
    };
    let answers = [
        post(&[json_type]).await,
        alice.verify_email("00000000").await,
        app.client().get("/api/auth/session").await,
        app.log_in(ALICE, "wrong password").await,
        post(&[json_type, foreign]).await,
        alice.delete_account().await,
        alice.get("/api/auth/verify").await,
        app.client().get("/nope").await,
        app.client().reset_password(ALICE, "00000000", PASSWORD).await,
        app.client().get("/api/auth/login").await,
        app.client().sign_up(ALICE, PASSWORD).await,
        post(&[json_type, large]).await,
        post(&[text]).await,
    ];
    let table: Vec<_> = answers
        .map(|answer| {
            let body = answer.json();
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            answer.fails(answer.status.as_u16(), &text("code"));
            format!("{} {}: {}", answer.status.as_u16(), text("code"), text("message"))
        })
        .into();
    assert_snapshot!(table.join("\n"), @"
    400 validation_error: The request body is not acceptable
    400 invalid_otp: Invalid or expired OTP.
    401 not_authenticated: You are not signed in
    401 invalid_credentials: E-mail or password is wrong
    403 origin_not_allowed: This page's origin may not call this service; add it to NEPTUN_AUTH_ALLOWED_ORIGINS to allow it
    403 reauthentication_required: Prove first that it is you, for example with your current password
    403 email_not_verified: Confirm your e-mail address first
    404 not_found: There is nothing here
    404 otp_not_found: No OTP found. Please request a new OTP.
    405 method_not_allowed: This path does not take that method
    409 email_taken: A user with this email already exists
    413 body_too_large: The request body is larger than 16 KiB
    415 unsupported_media_type: Send the body as application/json or application/x-www-form-urlencoded, and name that in Content-Type
    ");
}

#[tokio::test]
async fn an_error_names_its_status_twice_its_code_and_a_message() {
    let app = TestApp::new().await;
    assert_snapshot!(app.client().get("/nope").await, @r#"
    404 Not Found
    {
      "statusCode": 404,
      "statusMessage": "Not Found",
      "message": "There is nothing here",
      "code": "not_found"
    }
    "#);
}

#[tokio::test]
async fn a_validation_error_lists_an_issue_for_each_field() {
    let app = TestApp::new().await;
    let answer = app
        .client()
        .post("/api/auth/login", &json!({ "email": "no address" }))
        .await;
    assert_snapshot!(answer, @r#"
    400 Bad Request
    {
      "statusCode": 400,
      "statusMessage": "Bad Request",
      "message": "The request body is not acceptable",
      "code": "validation_error",
      "data": {
        "name": "ValidationError",
        "issues": [
          {
            "code": "invalid_email",
            "path": [
              "email"
            ],
            "message": "Enter one e-mail address, as in name@example.com"
          },
          {
            "code": "required",
            "path": [
              "password"
            ],
            "message": "Required"
          }
        ]
      }
    }
    "#);
}

#[tokio::test]
async fn a_throttled_request_is_told_when_to_try_again() {
    let app = TestApp::with_limits(limits("1/m")).await;
    app.log_in(ALICE, PASSWORD).await.assert_status(401);
    let answer = app.log_in(ALICE, PASSWORD).await;
    answer.throttled("log-in");
    assert_snapshot!(answer, @r#"
    429 Too Many Requests
    {
      "statusCode": 429,
      "statusMessage": "Too Many Requests",
      "message": "Too many requests; wait before trying again",
      "code": "too_many_requests"
    }
    "#);
}

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
        app.client().get(path).await.fails(404, "not_found");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_answered_with_those_that_it_takes() {
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
        answer.fails(405, "method_not_allowed");
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
        assert_eq!(app.client().get(path).await.ok().body, r#"{"status":"ok"}"#);
    }
}
