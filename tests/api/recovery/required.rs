//! `REQUIRE_VERIFIED_EMAIL`.

use std::time::Duration;

use neptun_auth::model::limit::Rates;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

const USER: &str = "user@example.com";

async fn strict() -> TestApp {
    TestApp::with_setup(|setup| setup.mail.require_verified_email = true).await
}

#[tokio::test]
async fn log_in_works_while_tokens_and_the_proxys_question_wait_for_the_proof() {
    let app = strict().await;
    let client = app.signed_up(USER).await;
    app.client().log_in(USER, PASSWORD).await.assert_status(200);
    assert_eq!(client.session_status().await, 200);
    let credentials = json!({ "email": USER, "password": PASSWORD });

    client
        .get("/api/auth/verify")
        .await
        .assert_error(403, "email_not_verified");
    client
        .post("/api/auth/token", &json!({}))
        .await
        .assert_error(403, "email_not_verified");
    let refused = app.client().post("/api/token/", &credentials).await;
    assert_eq!(refused.assert_status(403).json()["code"], "email_not_verified");
    assert_eq!(
        app.database
            .count("SELECT COUNT(*) FROM sessions WHERE kind = 'token'")
            .await,
        0
    );

    client
        .post("/api/auth/email/send-code", &json!({}))
        .await
        .assert_status(200);
    let verify = json!({ "code": app.code_to(USER).await });
    client.post("/api/auth/email/verify", &verify).await.assert_status(200);
    client.get("/api/auth/verify").await.assert_status(204);
    client.post("/api/auth/token", &json!({})).await.assert_status(200);
    app.client().post("/api/token/", &credentials).await.assert_status(200);
}

#[tokio::test]
async fn a_right_password_that_has_to_wait_is_no_failure() {
    let app = TestApp::with_setup(|setup| {
        setup.mail.require_verified_email = true;
        let failures = "3/15m".parse().unwrap();
        setup.limits = setup.limits.map(|limits| Rates { failures, ..limits });
    })
    .await;
    app.signed_up(USER).await;
    let credentials = json!({ "email": USER, "password": PASSWORD });
    for _ in 0..5 {
        app.client().post("/api/token/", &credentials).await.assert_status(403);
    }
    app.client().log_in(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn an_account_is_not_made_for_tokens_that_it_could_not_have() {
    let app = strict().await;
    let body = json!({ "username": "jane", "email": USER, "password": PASSWORD });
    let refused = app.client().post("/api/sign-up/", &body).await;
    assert_eq!(refused.assert_status(403).json()["code"], "email_not_verified");
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn no_password_is_hashed_for_an_account_that_is_not_made() {
    let app = TestApp::with_setup(|setup| {
        setup.mail.require_verified_email = true;
        // One hash would take minutes.
        setup.argon2_iterations = 10_000_000;
    })
    .await;
    let body = json!({ "username": "jane", "email": USER, "password": PASSWORD });
    let client = app.client();
    let refused = tokio::time::timeout(Duration::from_secs(10), client.post("/api/sign-up/", &body))
        .await
        .unwrap();
    refused.assert_status(403);
}

#[tokio::test]
async fn tokens_from_before_the_setting_wait_too() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let tokens = app.client().token_pair(USER, PASSWORD).await;
    let mut setup = crate::helpers::setup(&app.database.url, app.clock.clone());
    setup.mail.require_verified_email = true;
    let client = app.instance(setup).await;
    let refused = client.refresh(&tokens.refresh).await;
    assert_eq!(refused.assert_status(403).json()["code"], "email_not_verified");
    client
        .get_as("/api/auth/verify", &tokens.access)
        .await
        .assert_error(403, "email_not_verified");
    app.client().refresh(&tokens.refresh).await.assert_status(200);
}
