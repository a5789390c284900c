//! The gate before each session: disabled accounts, and accounts with a second factor.

use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

const DISABLE: &str = "UPDATE users SET disabled_at = created_at";
const ASK_FOR_SECOND_FACTOR: &str = "UPDATE users SET second_factor_at = created_at";

#[tokio::test]
async fn a_disabled_account_gets_no_session_and_only_its_owner_learns_why() {
    let app = TestApp::new().await;
    let user = app.user("alice").await;
    app.execute(DISABLE).await;
    app.log_in(ALICE, PASSWORD).await.fails(403, "account_disabled");
    app.log_in(ALICE, "wrong password")
        .await
        .fails(401, "invalid_credentials");
    let answer = app.client().log_in_for_tokens(ALICE, PASSWORD).await;
    answer.assert_status(401);
    assert_eq!(answer.json()["code"], "no_active_account");
    // A session that a direct change of the database has left behind is not continued either.
    let elsewhere = app.second_instance().await;
    elsewhere.set_cookie(user.browser.cookie());
    assert!(!elsewhere.is_signed_in().await);
}

#[tokio::test]
async fn a_right_password_of_a_disabled_account_is_not_counted_as_a_failure() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.execute(DISABLE).await;
    for _ in 0..20 {
        app.log_in(ALICE, PASSWORD).await.fails(403, "account_disabled");
    }
}

#[tokio::test]
async fn a_password_alone_is_half_a_log_in_where_a_second_factor_is_asked_for() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.execute(ASK_FOR_SECOND_FACTOR).await;
    let before = app.database.sessions().await;
    let client = app.client();
    let answer = client.log_in(ALICE, PASSWORD).await;
    answer.fails(401, "second_factor_required");
    assert_eq!(
        answer.json()["data"],
        json!({ "name": "second_factor_required", "issues": [], "methods": ["totp"] })
    );
    assert!(client.cookie().is_some());
    assert!(!client.is_signed_in().await);
    assert_eq!(app.database.sessions().await, before + 1);
    let answer = app.client().log_in_for_tokens(ALICE, PASSWORD).await;
    answer.assert_status(401);
    assert_eq!(answer.json()["code"], "second_factor_required");
    assert_eq!(app.database.sessions().await, before + 1);
}

#[tokio::test]
async fn half_a_log_in_ends_after_ten_minutes() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.execute(ASK_FOR_SECOND_FACTOR).await;
    let client = app.client();
    let answer = client.log_in(ALICE, PASSWORD).await;
    let cookie = answer.set_cookie().unwrap();
    assert!(cookie.contains("Max-Age=600"), "{cookie}");
}

#[tokio::test]
async fn a_password_is_no_fresh_proof_where_a_second_factor_is_asked_for() {
    let app = TestApp::new().await;
    let user = app.user("alice").await;
    app.execute(ASK_FOR_SECOND_FACTOR).await;
    let answer = user.browser.change_password(PASSWORD, "another password").await;
    answer.fails(403, "reauthentication_required");
    assert_eq!(answer.json()["data"]["methods"], json!(["totp"]));
    user.browser
        .delete_account()
        .await
        .fails(403, "reauthentication_required");
}

#[tokio::test]
async fn a_right_current_password_makes_the_session_fresh_again() {
    let app = TestApp::new().await;
    let user = app.user("alice").await;
    let logged_in_at = user.browser.session().await["authenticated_at"].clone();
    app.clock.advance(chrono::TimeDelta::minutes(30));
    user.browser.change_password(PASSWORD, "another password").await.ok();
    let session = user.browser.session().await;
    assert_ne!(session["authenticated_at"], logged_in_at);
    assert_eq!(session["amr"], json!(["pwd"]));
    user.browser.delete_account().await.ok();
}
