//! What a thief of an account keeps when its owner takes it back with the key mailed to the former address.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, TestApp, TestUser};

const THIEF: &str = "thief@example.com";

/// Changes the account's address, and returns the key that the former one gets.
async fn move_away(app: &TestApp, thief: &TestUser) -> String {
    thief.change_email(THIEF).await.ok();
    thief.verify_email(&app.code_to(THIEF).await).await.ok();
    app.mail_to(ALICE).await.code()
}

/// Sets a new password by mail, and logs in with it.
async fn come_back(app: &TestApp) -> TestUser {
    let owner = TestUser {
        email: ALICE.to_owned(),
        browser: app.client(),
    };
    owner.ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    owner.reset_password(ALICE, &code, "the owner's password").await.ok();
    owner
}

#[tokio::test]
async fn a_thief_keeps_no_passkey_no_app_and_no_identity() {
    let app = TestApp::new().await;
    let thief = app.verified_user("alice").await;
    let passkey = thief.add_passkey().await;
    thief.enrol(&app).await;
    app.execute(
        "INSERT INTO identities (id, user_id, provider, issuer, subject, created_at, last_used_at) \
         SELECT id, id, 'p', 'https://p.example', 'thief', created_at, created_at FROM users",
    )
    .await;
    let key = move_away(&app, &thief).await;
    let late = thief.add_passkey().await;

    app.client().restore_email(&key).await.ok();
    assert!(!thief.is_signed_in().await);
    for passkey in [&passkey, &late] {
        let log_in = app.client().log_in_by_passkey(passkey).await;
        log_in.fails(401, "invalid_credentials");
    }
    for left in [
        "SELECT COUNT(*) FROM totp",
        "SELECT COUNT(*) FROM recovery_codes",
        "SELECT COUNT(*) FROM identities",
    ] {
        assert_eq!(app.count(left).await, 0, "{left}");
    }
    let owner = come_back(&app).await;
    owner.log_in_with("the owner's password").await.ok();
    assert_eq!(owner.factors().await, json!([]));
    // Nothing waits for a code of the thief's app.
    assert_eq!(
        app.count("SELECT COUNT(*) FROM users WHERE second_factor_at IS NULL")
            .await,
        1
    );
}

/// A stranger in the mailbox of the former address has the key, but not the app.
#[tokio::test]
async fn an_app_of_long_before_the_move_stays_and_new_recovery_codes_do_not() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.clock.advance(TimeDelta::days(3) + TimeDelta::minutes(1));
    let fresh = json!({ "code": authenticator.code() });
    alice.reauthenticate(&fresh).await.ok();
    let passkey = alice.add_passkey().await;
    let renewed = alice.renew_recovery_codes().await.ok().json();
    let key = move_away(&app, &alice).await;

    app.client().restore_email(&key).await.ok();
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(401, "invalid_credentials");
    let owner = come_back(&app).await;
    let half = owner.log_in_with("the owner's password").await;
    half.fails(401, "second_factor_required");
    let code = renewed["recovery_codes"][0].as_str().unwrap();
    let stolen = owner.finish_log_in_with_recovery_code(code).await;
    stolen.fails(400, "invalid_otp");
    owner.finish_log_in(&authenticator.next_code()).await.ok();
}
