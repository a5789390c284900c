//! `POST /auth/otp` and `POST /{email}/reset-password`.

use chrono::TimeDelta;
use insta::assert_snapshot;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, TestUser, at_once};

pub const NEW: &str = "a new long password";

/// Alice, after she has asked for a code, and the code.
pub async fn alice_with_a_code(app: &TestApp) -> (TestUser, String) {
    let alice = app.user("alice").await;
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    (alice, code)
}

/// Another code than `code`.
pub fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &code[..code.len() - 1])
}

#[tokio::test]
async fn both_published_ways_replace_the_password() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let client = app.client();

    let created = client.ask_for_reset(ALICE).await;
    assert_snapshot!(created, @r#"
    200 OK
    {
      "success": true,
      "message": "Successfully sent OTP."
    }
    "#);
    let code = app.code_to(ALICE).await;
    assert_eq!(code.len(), 8);
    let done = client.reset_password_by_otp(ALICE, &code, NEW).await;
    assert_snapshot!(done, @r#"
    200 OK
    {
      "success": true,
      "message": "Successfully validated OTP and reset password."
    }
    "#);
    client.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    client.log_in(ALICE, NEW).await.ok();

    client.ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    let done_again = client.reset_password("Alice%40Example.com", &code, PASSWORD).await;
    assert_eq!(done_again.ok().body, done.body);
    client.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_reset_ends_every_session_starts_none_and_sends_a_notice() {
    let app = TestApp::new().await;
    let (alice, code) = alice_with_a_code(&app).await;
    let tokens = alice.tokens().await;

    let somewhere = app.client();
    let done = somewhere.reset_password(ALICE, &code, NEW).await;
    done.ok();
    assert_eq!(done.set_cookie(), None);
    assert!(!somewhere.is_signed_in().await);
    assert!(!alice.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    assert_eq!(app.mail_to(ALICE).await.subject, "Your password was changed");
}

#[tokio::test]
async fn only_the_newest_code_works_and_only_once() {
    let app = TestApp::new().await;
    let (_, first) = alice_with_a_code(&app).await;
    let client = app.client();
    client.ask_for_reset(ALICE).await.ok();
    let second = app.code_to(ALICE).await;
    assert_ne!(first, second);
    let old = client.reset_password(ALICE, &first, NEW).await;
    old.fails(400, "invalid_otp");
    client.reset_password(ALICE, &second, NEW).await.ok();
    let again = client.reset_password(ALICE, &second, PASSWORD).await;
    again.fails(404, "otp_not_found");
}

#[tokio::test]
async fn a_code_expires_after_ten_minutes() {
    let app = TestApp::new().await;
    let (_, code) = alice_with_a_code(&app).await;
    let client = app.client();
    app.clock.advance(TimeDelta::minutes(10));
    let one = client.reset_password_by_otp(ALICE, &code, NEW).await;
    one.fails(400, "invalid_otp");
    let other = client.reset_password(ALICE, &code, NEW).await;
    other.fails(404, "otp_not_found");
}

#[tokio::test]
async fn an_address_gets_three_codes_an_hour_whether_it_has_an_account_or_not() {
    let app = TestApp::new().await;
    app.user("alice").await;
    for email in [ALICE, "unknown@example.com"] {
        for _ in 0..3 {
            app.client().ask_for_reset(email).await.ok();
            app.mails().await;
            app.clock.advance(TimeDelta::minutes(10));
        }
        let fourth = app.client().ask_for_reset(&email.to_uppercase()).await;
        fourth.fails(429, "too_many_requests");
        assert_eq!(fourth.header("retry-after"), Some("1800"), "{email}");
        app.clock.advance(TimeDelta::minutes(30));
        app.client().ask_for_reset(email).await.ok();
        app.mails().await;
        app.client().ask_for_reset(email).await.fails(429, "too_many_requests");
        app.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(app.mails().await.len(), 4, "an address without an account gets no mail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_thirty_codes_that_are_asked_for_at_once_three_are_sent() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let statuses = at_once(30, |_| {
        let client = app.client();
        async move { client.ask_for_reset(ALICE).await.status.as_u16() }
    });
    let (ok, others): (Vec<_>, Vec<_>) = statuses.await.into_iter().partition(|status| *status == 200);
    assert_eq!((ok.len(), app.mails().await.len()), (3, 3));
    assert_eq!(others, [429; 27]);
}

#[tokio::test]
async fn every_failing_field_is_listed_at_once() {
    let app = TestApp::new().await;
    let client = app.client();
    let mut listed = Vec::new();
    for body in [
        json!({}),
        json!({ "action": "create", "email": ALICE, "otp": 1, "new_password": 1 }),
        json!({ "action": "delete", "email": ALICE }),
        json!({ "action": "validate", "email": "x" }),
        json!({ "action": "validate", "email": ALICE, "otp": "1", "new_password": ALICE }),
    ] {
        let issues = client.post("/auth/otp", &body).await.issues().join(", ");
        listed.push(format!("{body}\n    {issues}"));
    }
    assert_snapshot!(listed.join("\n"), @r#"
    {}
        action: required, email: required
    {"action":"create","email":"alice@example.com","otp":1,"new_password":1}
        otp: invalid_type, new_password: invalid_type
    {"action":"delete","email":"alice@example.com"}
        action: invalid_choice
    {"action":"validate","email":"x"}
        email: invalid_email, otp: required, new_password: required
    {"action":"validate","email":"alice@example.com","otp":"1","new_password":"alice@example.com"}
        new_password: same_as_email
    "#);
    let malformed = client.reset_password("no-address", "12345678", NEW).await;
    malformed.fails(404, "otp_not_found");
    let short = client.reset_password(ALICE, "12345678", "short").await;
    assert_eq!(short.issues(), ["new_password: too_short"]);
}
