//! `POST /auth/otp` and `POST /{email}/reset-password`.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{Answer, Client, PASSWORD, TestApp};

pub const USER: &str = "user@example.com";
pub const NEW: &str = "a new long password";

pub async fn ask(client: &Client, email: &str) -> Answer {
    let body = json!({ "action": "create", "email": email });
    client.post("/auth/otp", &body).await
}

pub async fn validate(client: &Client, email: &str, code: &str, new: &str) -> Answer {
    let body = json!({ "action": "validate", "email": email, "otp": code, "new_password": new });
    client.post("/auth/otp", &body).await
}

pub async fn reset(client: &Client, email: &str, code: &str, new: &str) -> Answer {
    let body = json!({ "otp": code, "new_password": new });
    client.post(&format!("/{email}/reset-password"), &body).await
}

/// Another code than `code`.
pub fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &code[..code.len() - 1])
}

#[tokio::test]
async fn both_published_ways_replace_the_password() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let client = app.client();

    let created = ask(&client, USER).await;
    assert_eq!(
        created.json(),
        json!({ "success": true, "message": "Successfully sent OTP." })
    );
    let code = app.code_to(USER).await;
    assert_eq!(code.len(), 8);
    let done = validate(&client, USER, &code, NEW).await;
    let expected = json!({ "success": true, "message": "Successfully validated OTP and reset password." });
    assert_eq!(done.json(), expected);
    client
        .log_in(USER, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");
    client.log_in(USER, NEW).await.assert_status(200);

    ask(&client, USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    assert_eq!(
        reset(&client, "User%40Example.com", &code, PASSWORD).await.json(),
        expected
    );
    client.log_in(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn a_reset_ends_every_session_logs_nobody_in_and_sends_a_notice() {
    let app = TestApp::new().await;
    let browser = app.signed_up(USER).await;
    let tokens = app.client().token_pair(USER, PASSWORD).await;
    ask(&browser, USER).await.assert_status(200);
    let code = app.code_to(USER).await;

    let somewhere = app.client();
    let done = reset(&somewhere, USER, &code, NEW).await;
    done.assert_status(200);
    assert_eq!(done.set_cookie(), None);
    assert_eq!(somewhere.session_status().await, 401);
    assert_eq!(browser.session_status().await, 401);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    assert_eq!(app.mail_to(USER).await.subject, "Your password was changed");
}

#[tokio::test]
async fn a_code_works_once_and_the_newest_only() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let client = app.client();
    ask(&client, USER).await.assert_status(200);
    let first = app.code_to(USER).await;
    ask(&client, USER).await.assert_status(200);
    let second = app.code_to(USER).await;
    assert_ne!(first, second);
    reset(&client, USER, &first, NEW).await.assert_error(400, "invalid_otp");
    reset(&client, USER, &second, NEW).await.assert_status(200);
    reset(&client, USER, &second, PASSWORD)
        .await
        .assert_error(404, "otp_not_found");
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let client = app.client();
    ask(&client, USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    app.clock.advance(TimeDelta::minutes(10));
    validate(&client, USER, &code, NEW)
        .await
        .assert_error(400, "invalid_otp");
    reset(&client, USER, &code, NEW)
        .await
        .assert_error(404, "otp_not_found");
}

#[tokio::test]
async fn three_codes_are_sent_in_an_hour_to_any_address() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    for email in [USER, "nobody@example.com"] {
        for _ in 0..3 {
            ask(&app.client(), email).await.assert_status(200);
            app.mails().await;
            app.clock.advance(TimeDelta::minutes(10));
        }
        let refusal = ask(&app.client(), &email.to_uppercase()).await;
        refusal.assert_error(429, "too_many_requests");
        assert_eq!(refusal.header("retry-after"), Some("1800"), "{email}");
        app.clock.advance(TimeDelta::minutes(30));
        ask(&app.client(), email).await.assert_status(200);
        app.mails().await;
        ask(&app.client(), email).await.assert_error(429, "too_many_requests");
        app.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(app.mails().await.len(), 4, "the unknown address gets none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_codes_are_sent_however_many_are_asked_for_at_once() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let asked: Vec<_> = (0..30)
        .map(|_| {
            let client = app.client();
            tokio::spawn(async move { ask(&client, USER).await.status.as_u16() })
        })
        .collect();
    let mut sent = 0;
    for status in asked {
        match status.await.unwrap() {
            200 => sent += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!((sent, app.mails().await.len()), (3, 3));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_at_once() {
    let app = TestApp::new().await;
    let client = app.client();
    let cases = [
        (json!({}), vec![("action", "required"), ("email", "required")]),
        (
            json!({ "action": "create", "email": USER, "otp": 1, "new_password": 1 }),
            vec![("otp", "invalid_type"), ("new_password", "invalid_type")],
        ),
        (
            json!({ "action": "delete", "email": USER }),
            vec![("action", "invalid_choice")],
        ),
        (
            json!({ "action": "validate", "email": "x" }),
            vec![
                ("email", "invalid_email"),
                ("otp", "required"),
                ("new_password", "required"),
            ],
        ),
        (
            json!({ "action": "validate", "email": USER, "otp": "1", "new_password": USER }),
            vec![("new_password", "same_as_email")],
        ),
    ];
    for (body, expected) in cases {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(path, code)| (path.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(client.post("/auth/otp", &body).await.issues(), expected, "{body}");
    }
    reset(&client, "no-address", "12345678", NEW)
        .await
        .assert_error(404, "otp_not_found");
    assert_eq!(
        reset(&client, USER, "12345678", "short").await.issues(),
        [("new_password".into(), "too_short".into())]
    );
}
