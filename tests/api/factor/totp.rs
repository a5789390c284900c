//! `/api/auth/totp`: sets up and removes an authenticator app.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, Authenticator, PASSWORD, TestApp};

#[tokio::test]
async fn an_app_is_shown_its_secret_once_and_asked_for_from_the_first_code_on() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let answer = alice.start_totp().await;
    let started = answer.ok().json();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let secret = started["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    assert_eq!(
        started["uri"],
        format!(
            "otpauth://totp/Neptun%20Auth:alice%40example.com?secret={secret}&issuer=Neptun%20Auth\
             &algorithm=SHA1&digits=6&period=30"
        )
    );
    assert!(started["qr_svg"].as_str().unwrap().starts_with("<svg "));
    assert_eq!(started["expires_at"], "2024-10-04T00:10:00Z");
    // Nothing is active yet.
    assert_eq!(alice.factors().await, json!([]));
    app.log_in(ALICE, PASSWORD).await.ok();

    let authenticator = Authenticator::new(secret, app.clock.clone());
    let before = alice.secret();
    let confirmed = alice.confirm_totp(&authenticator.code()).await.ok().json();
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
    assert_ne!(alice.secret(), before);
    assert_eq!(alice.session().await["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(
        alice.factors().await,
        json!([
            { "id": "totp", "kind": "totp", "name": "Authenticator app", "created_at": "2024-10-04T00:00:00Z",
              "last_used_at": "2024-10-04T00:00:00Z" },
            { "id": "recovery_codes", "kind": "recovery_codes", "name": "Recovery codes",
              "created_at": "2024-10-04T00:00:00Z", "remaining": 10 },
        ])
    );
    app.log_in(ALICE, PASSWORD).await.fails(401, "second_factor_required");
}

#[tokio::test]
async fn enrolling_without_a_fresh_proof_is_refused() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(10));
    let answer = alice.start_totp().await;
    answer.fails(403, "reauthentication_required");
    assert_eq!(answer.json()["data"]["methods"], json!(["password"]));
    alice
        .reauthenticate(&json!({ "current_password": PASSWORD }))
        .await
        .ok();
    alice.start_totp().await.ok();
}

#[tokio::test]
async fn enrolling_ends_all_other_sessions_and_is_mailed() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let (elsewhere, tokens) = (alice.elsewhere().await, alice.tokens().await);
    alice.enrol(&app).await;
    assert!(alice.is_signed_in().await);
    assert!(!elsewhere.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    assert_eq!(app.mail_to(ALICE).await.subject, "An authenticator app was added");
}

#[tokio::test]
async fn a_secret_waits_ten_minutes_for_its_first_code() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.confirm_totp("123456").await.fails(404, "not_found");
    let started = alice.start_totp().await.ok().json();
    let authenticator = Authenticator::new(started["secret"].as_str().unwrap(), app.clock.clone());
    alice
        .confirm_totp(&authenticator.wrong_code())
        .await
        .fails(400, "invalid_otp");
    alice.confirm_totp("12345a").await.fails(400, "invalid_otp");
    app.clock.advance(TimeDelta::minutes(10));
    alice.confirm_totp(&authenticator.code()).await.fails(404, "not_found");
}

/// A thief in an old session may have seen the secret on the owner's screen.
#[tokio::test]
async fn only_the_session_that_began_to_set_an_app_up_confirms_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let thief = alice.elsewhere().await;
    let started = alice.start_totp().await.ok().json();
    let authenticator = Authenticator::new(started["secret"].as_str().unwrap(), app.clock.clone());
    thief.confirm_totp(&authenticator.code()).await.fails(404, "not_found");
    assert!(alice.is_signed_in().await);
    alice.confirm_totp(&authenticator.code()).await.ok();
    assert!(!thief.is_signed_in().await);
}

#[tokio::test]
async fn starting_again_replaces_the_secret() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let first = alice.start_totp().await.ok().json();
    let named = alice.post("/api/auth/totp", &json!({ "name": "  My phone " })).await;
    let second = named.ok().json();
    let app_of =
        |started: &serde_json::Value| Authenticator::new(started["secret"].as_str().unwrap(), app.clock.clone());
    alice
        .confirm_totp(&app_of(&first).code())
        .await
        .fails(400, "invalid_otp");
    alice.confirm_totp(&app_of(&second).code()).await.ok();
    assert_eq!(alice.factors().await[0]["name"], "My phone");
    alice.start_totp().await.fails(409, "already_set_up");
    let long = alice.post("/api/auth/totp", &json!({ "name": "x".repeat(65) })).await;
    assert_eq!(long.issues(), ["name: too_long"]);
}

#[tokio::test]
async fn removing_the_app_takes_a_fresh_second_factor() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    alice.remove_totp().await.fails(404, "not_found");
    let authenticator = alice.enrol(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    let answer = alice.remove_totp().await;
    answer.fails(403, "reauthentication_required");
    assert_eq!(answer.json()["data"]["methods"], json!(["totp", "recovery_code"]));
    alice
        .reauthenticate(&json!({ "code": authenticator.code() }))
        .await
        .ok();
    alice.remove_totp().await.assert_status(204);
    assert_eq!(app.mail_to(ALICE).await.subject, "Your authenticator app was removed");
    // The recovery codes went with it, so nothing asks for a factor that nobody could give.
    assert_eq!(alice.factors().await, json!([]));
    assert_eq!(app.count("SELECT COUNT(*) FROM recovery_codes").await, 0);
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_reset_by_mail_does_not_remove_the_app() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, "another password").await.ok();
    let client = app.client();
    client
        .log_in(ALICE, "another password")
        .await
        .fails(401, "second_factor_required");
    client.finish_log_in(&authenticator.next_code()).await.ok();
}

/// Another person may have made the account, and the app is theirs then.
#[tokio::test]
async fn the_first_proof_of_the_address_by_mail_removes_the_app() {
    let app = TestApp::new().await;
    let thief = app.user("alice").await;
    thief.enrol(&app).await;
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, "another password").await.ok();
    let owner = app.client();
    owner.log_in(ALICE, "another password").await.ok();
    assert_eq!(owner.factors().await, json!([]));
    for table in ["SELECT COUNT(*) FROM totp", "SELECT COUNT(*) FROM recovery_codes"] {
        assert_eq!(app.count(table).await, 0);
    }
}

#[tokio::test]
async fn an_account_of_no_session_has_no_factors_to_list_or_change() {
    let app = TestApp::new().await;
    let client = app.client();
    client.get("/api/auth/factors").await.fails(401, "not_authenticated");
    for answer in [
        client.start_totp().await,
        client.confirm_totp("123456").await,
        client.remove_totp().await,
        client.renew_recovery_codes().await,
        client.reauthenticate(&json!({ "code": "123456" })).await,
        client.post("/api/auth/reauthenticate/code", &json!({})).await,
        client.finish_log_in("123456").await,
    ] {
        answer.fails(401, "not_authenticated");
    }
}
