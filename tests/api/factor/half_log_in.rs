//! What remembers the first factor, and what ends it.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn a_wrong_code_does_not_end_a_half_log_in_and_the_fifth_does() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let right = authenticator.next_code();
    let patient = alice.half_log_in().await;
    for _ in 0..4 {
        patient
            .finish_log_in(&authenticator.wrong_code())
            .await
            .fails(400, "invalid_otp");
    }
    patient.finish_log_in(&right).await.ok();

    let hasty = alice.half_log_in().await;
    for _ in 0..5 {
        hasty
            .finish_log_in(&authenticator.wrong_code())
            .await
            .fails(400, "invalid_otp");
    }
    let right = authenticator.next_code();
    hasty.finish_log_in(&right).await.fails(401, "not_authenticated");
    // The code was not looked at, so it is not used up.
    alice.half_log_in().await.finish_log_in(&right).await.ok();
}

#[tokio::test]
async fn a_half_log_in_is_no_session_and_shows_nothing_of_the_account() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    for path in [
        "/api/auth/session",
        "/api/auth/sessions",
        "/api/auth/verify",
        "/api/auth/factors",
    ] {
        half.get(path).await.fails(401, "not_authenticated");
    }
    assert_eq!(half.get("/api/_auth/session").await.ok().json(), json!({}));
    half.post("/api/auth/token", &json!({}))
        .await
        .fails(401, "not_authenticated");
    assert_eq!(alice.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_log_out_ends_a_half_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    let copy = half.copy();
    half.log_out().await.ok();
    copy.finish_log_in(&authenticator.next_code())
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn a_changed_password_ends_a_half_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    alice.change_password(PASSWORD, "another password").await.ok();
    let code = authenticator.next_code();
    half.finish_log_in(&code).await.fails(401, "not_authenticated");
    let client = app.client();
    client
        .log_in(ALICE, "another password")
        .await
        .fails(401, "second_factor_required");
    client.finish_log_in(&code).await.ok();
}

#[tokio::test]
async fn a_reset_password_ends_a_half_log_in() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, "another password").await.ok();
    half.finish_log_in(&authenticator.next_code())
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn a_new_app_ends_a_half_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    app.clock.advance(TimeDelta::minutes(1));
    alice.remove_totp().await.assert_status(204);
    let new = alice.enrol(&app).await;
    half.finish_log_in(&new.next_code())
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn a_half_log_in_ends_when_the_app_is_removed() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    alice.remove_totp().await.assert_status(204);
    half.finish_log_in(&authenticator.next_code())
        .await
        .fails(400, "invalid_otp");
    half.finish_log_in_with_recovery_code(&authenticator.recovery_codes[0])
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn a_half_log_in_is_bound_to_its_cookie() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    alice.half_log_in().await;
    // Another browser has no half log-in, and neither has one with a session.
    app.client()
        .finish_log_in(&authenticator.next_code())
        .await
        .fails(401, "not_authenticated");
    alice
        .finish_log_in(&authenticator.code())
        .await
        .fails(401, "not_authenticated");
    assert!(alice.is_signed_in().await);
}

#[tokio::test]
async fn a_half_log_in_lasts_ten_minutes() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let (in_time, late) = (alice.half_log_in().await, alice.half_log_in().await);
    app.clock.advance(TimeDelta::seconds(599));
    in_time.finish_log_in(&authenticator.code()).await.ok();
    app.clock.advance(TimeDelta::seconds(31));
    late.finish_log_in(&authenticator.code())
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn an_account_that_was_disabled_since_does_not_get_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    app.execute("UPDATE users SET disabled_at = created_at").await;
    half.finish_log_in(&authenticator.next_code())
        .await
        .fails(403, "account_disabled");
}
