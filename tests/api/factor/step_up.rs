//! `POST /api/auth/reauthenticate`: a fresh proof inside a session.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn a_right_password_makes_the_session_fresh_under_a_new_secret() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::hours(1));
    let (before, id) = (alice.copy(), alice.session_id().await);
    let wrong = alice
        .reauthenticate(&json!({ "current_password": "wrong password" }))
        .await;
    assert_eq!(wrong.issues(), ["current_password: incorrect"]);
    let session = alice.reauthenticate(&json!({ "current_password": PASSWORD })).await;
    let session = session.ok().json();
    assert_eq!(session["authenticated_at"], "2024-10-04T01:00:00Z");
    assert_eq!(session["loggedInAt"], "2024-10-04T00:00:00Z");
    assert_eq!(session["amr"], json!(["pwd"]));
    assert_eq!(alice.session().await, session);
    assert!(!before.is_signed_in().await);
    assert_ne!(alice.session_id().await, id);
    assert_eq!(alice.sessions().await[0]["authenticated_at"], "2024-10-04T01:00:00Z");
}

#[tokio::test]
async fn a_password_alone_is_not_enough_where_there_is_an_app() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    let answer = alice.reauthenticate(&json!({ "current_password": PASSWORD })).await;
    answer.fails(403, "reauthentication_required");
    assert_eq!(answer.json()["data"]["methods"], json!(["totp", "recovery_code"]));
    alice
        .change_password(PASSWORD, "another password")
        .await
        .fails(403, "reauthentication_required");
    alice
        .change_email("new@example.com")
        .await
        .fails(403, "reauthentication_required");
    alice.delete_account().await.fails(403, "reauthentication_required");
    let code = authenticator.next_code();
    alice.reauthenticate(&json!({ "code": code })).await.ok();
    // Each code works once, here too.
    alice
        .reauthenticate(&json!({ "code": code }))
        .await
        .fails(400, "invalid_otp");
    alice.change_password(PASSWORD, "another password").await.ok();
    alice.delete_account().await.ok();
}

/// Otherwise a thief who knows the password could keep a second factor of long ago fresh.
#[tokio::test]
async fn a_password_does_not_make_a_second_factor_fresh() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.enrol(&app).await;
    app.clock.advance(TimeDelta::minutes(6));
    alice.change_password(PASSWORD, "another password").await.ok();
    app.clock.advance(TimeDelta::minutes(6));
    alice.remove_totp().await.fails(403, "reauthentication_required");
}

#[tokio::test]
async fn a_recovery_code_is_a_fresh_proof_once() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    let proof = json!({ "recovery_code": authenticator.recovery_codes[0] });
    let session = alice.reauthenticate(&proof).await.ok().json();
    assert_eq!(session["amr"], json!(["pwd", "otp", "mfa", "recovery"]));
    alice.reauthenticate(&proof).await.fails(400, "invalid_otp");
    alice.remove_totp().await.assert_status(204);
}

#[tokio::test]
async fn exactly_one_proof_is_taken() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for body in [
        json!({}),
        json!({ "current_password": PASSWORD, "code": "123456" }),
        json!({ "code": null }),
    ] {
        assert_eq!(alice.reauthenticate(&body).await.issues(), ["required"]);
    }
    for malformed in [json!({ "code": "12345" }), json!({ "recovery_code": "123456" })] {
        alice.reauthenticate(&malformed).await.fails(400, "invalid_otp");
    }
    // Without an app no code is right.
    alice
        .reauthenticate(&json!({ "code": "123456" }))
        .await
        .fails(400, "invalid_otp");
}

#[tokio::test]
async fn a_mailed_code_is_for_accounts_with_neither_password_nor_factor() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let path = "/api/auth/reauthenticate/code";
    let answer = alice.post(path, &json!({})).await;
    answer.fails(403, "reauthentication_required");
    assert_eq!(answer.json()["data"]["methods"], json!(["password"]));
    alice
        .reauthenticate(&json!({ "mail_code": "12345678" }))
        .await
        .fails(403, "reauthentication_required");

    app.execute("UPDATE users SET password_hash = NULL").await;
    app.clock.advance(TimeDelta::minutes(10));
    let answer = alice.start_totp().await;
    answer.fails(403, "reauthentication_required");
    assert_eq!(answer.json()["data"]["methods"], json!(["mail_code"]));
    alice.post(path, &json!({})).await.ok();
    let mail = app.mail_to(ALICE).await;
    assert!(mail.subject.contains("is your code to go on"), "{}", mail.subject);
    let code = mail.code();
    alice
        .reauthenticate(&json!({ "mail_code": "00000000" }))
        .await
        .fails(400, "invalid_otp");
    let session = alice.reauthenticate(&json!({ "mail_code": code })).await.ok().json();
    assert_eq!(session["amr"], json!(["pwd", "mail"]));
    alice
        .reauthenticate(&json!({ "mail_code": code }))
        .await
        .fails(400, "invalid_otp");
    alice.start_totp().await.ok();
}

#[tokio::test]
async fn a_code_for_a_fresh_proof_is_for_nothing_else() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    alice.post("/api/auth/reauthenticate/code", &json!({})).await.ok();
    let code = app.code_to(ALICE).await;
    app.client()
        .reset_password(ALICE, &code, "another password")
        .await
        .fails(404, "otp_not_found");
    alice.verify_email(&code).await.fails(400, "invalid_otp");
    app.client().ask_for_reset(ALICE).await.ok();
    let reset = app.code_to(ALICE).await;
    alice
        .reauthenticate(&json!({ "mail_code": reset }))
        .await
        .fails(400, "invalid_otp");
}

#[tokio::test]
async fn at_most_three_codes_an_hour_are_mailed_for_fresh_proofs() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    for _ in 0..3 {
        alice.post("/api/auth/reauthenticate/code", &json!({})).await.ok();
    }
    alice
        .post("/api/auth/reauthenticate/code", &json!({}))
        .await
        .throttled("codes");
}

#[tokio::test]
async fn access_tokens_show_the_last_proof() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let tokens = app
        .client()
        .log_in_for_tokens_with(ALICE, PASSWORD, &authenticator.next_code())
        .await;
    let access = tokens.ok().tokens().access;
    let claims = access.split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims["auth_time"], app.clock.now().timestamp());
}
