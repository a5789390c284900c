//! `REQUIRE_VERIFIED_EMAIL`.

use std::time::Duration;

use neptun_auth::model::limit::Rates;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, limits, setup};

async fn strict() -> TestApp {
    TestApp::with_setup(|setup| setup.mail.require_verified_email = true).await
}

#[tokio::test]
async fn log_in_works_before_the_address_is_confirmed_but_tokens_and_verify_do_not() {
    let app = strict().await;
    let alice = app.user("alice").await;
    app.log_in(ALICE, PASSWORD).await.ok();
    assert!(alice.is_signed_in().await);

    alice.get("/api/auth/verify").await.fails(403, "email_not_verified");
    let minted = alice.post("/api/auth/token", &json!({})).await;
    minted.fails(403, "email_not_verified");
    let logged_in = app.client().log_in_for_tokens(ALICE, PASSWORD).await;
    assert_eq!(logged_in.assert_status(403).json()["code"], "email_not_verified");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE kind = 'token'").await, 0);

    alice.send_email_code().await.ok();
    alice.verify_email(&app.code_to(ALICE).await).await.ok();
    alice.get("/api/auth/verify").await.assert_status(204);
    alice.post("/api/auth/token", &json!({})).await.ok();
    app.client().log_in_for_tokens(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn the_right_password_of_an_unconfirmed_account_does_not_count_as_a_failure() {
    let app = TestApp::with_setup(|setup| {
        setup.mail.require_verified_email = true;
        let failures = "3/15m".parse().unwrap();
        setup.limits = Some(Rates {
            failures,
            ..limits("1000000/h")
        });
    })
    .await;
    app.user("alice").await;
    for _ in 0..5 {
        let answer = app.client().log_in_for_tokens(ALICE, PASSWORD).await;
        answer.assert_status(403);
    }
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn sign_up_for_tokens_makes_no_account_because_it_could_not_have_tokens() {
    let app = strict().await;
    let body = json!({ "username": "jane", "email": ALICE, "password": PASSWORD });
    let answer = app.client().post("/api/sign-up/", &body).await;
    assert_eq!(answer.assert_status(403).json()["code"], "email_not_verified");
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
    let body = json!({ "username": "jane", "email": ALICE, "password": PASSWORD });
    let client = app.client();
    let answer = tokio::time::timeout(Duration::from_secs(10), client.post("/api/sign-up/", &body))
        .await
        .unwrap();
    answer.assert_status(403);
}

#[tokio::test]
async fn tokens_from_before_the_setting_do_not_work_until_the_address_is_confirmed() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let tokens = alice.tokens().await;
    let mut strict = setup(&app.database.url, app.clock.clone());
    strict.mail.require_verified_email = true;
    let client = app.instance(strict).await;
    let answer = client.refresh(&tokens.refresh).await;
    assert_eq!(answer.assert_status(403).json()["code"], "email_not_verified");
    let verified = client.get_as("/api/auth/verify", &tokens.access).await;
    verified.fails(403, "email_not_verified");
    app.client().refresh(&tokens.refresh).await.ok();
}
