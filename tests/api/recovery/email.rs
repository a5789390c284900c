//! `/api/auth/email/send-code`, `/verify` and `/restore`.

use chrono::TimeDelta;
use insta::assert_snapshot;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, TestUser};

const NEW: &str = "new@example.com";
const THIEF: &str = "thief@example.com";

/// Changes the account's address and confirms the new one.
async fn move_account(app: &TestApp, user: &TestUser, new: &str) {
    user.change_email(new).await.ok();
    user.verify_email(&app.code_to(new).await).await.ok();
}

/// The limits count by a clock that a machine never sets back, but a test does.
async fn without_limits() -> TestApp {
    TestApp::with_setup(|setup| setup.limits = None).await
}

#[tokio::test]
async fn an_address_is_confirmed_with_the_code_that_was_mailed_to_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let before = alice.session().await;
    assert_eq!(
        (&before["email_verified"], &before["user"]["email_verified"]),
        (&json!(false), &json!(false))
    );

    alice.send_email_code().await.ok();
    let code = app.code_to(ALICE).await;
    let confirmed = alice.verify_email(&code).await;
    assert_eq!(confirmed.ok().json()["user"]["email_verified"], true);
    for path in ["/api/auth/session", "/api/_auth/session"] {
        let session = alice.get(path).await.json();
        assert_eq!(
            (&session["email_verified"], &session["user"]["email_verified"]),
            (&json!(true), &json!(true))
        );
    }
    let again = alice.send_email_code().await;
    assert_eq!(again.ok().json()["message"], "This address is confirmed already.");
    assert_eq!(app.mails().await.len(), 1);
    alice.verify_email(&code).await.fails(400, "invalid_otp");
}

#[tokio::test]
async fn the_sign_up_body_stays_as_it_was_published() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up(ALICE, PASSWORD).await;
    assert_snapshot!(answer, @r#"
    200 OK
    {
      "user": {
        "id": "[id]",
        "primary_email": "alice@example.com"
      },
      "loggedInAt": "2024-10-04T00:00:00Z"
    }
    "#);
}

#[tokio::test]
async fn confirming_the_address_ends_other_sessions_and_gives_this_one_a_new_cookie() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.elsewhere().await;
    let tokens = alice.tokens().await;
    let copy = alice.copy();
    alice.send_email_code().await.ok();
    alice.verify_email(&app.code_to(ALICE).await).await.ok();
    assert!(alice.is_signed_in().await);
    assert!(!copy.is_signed_in().await);
    assert!(!elsewhere.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
}

#[tokio::test]
async fn v4_a_request_cannot_declare_an_address_confirmed() {
    let app = TestApp::new().await;
    let client = app.client();
    let body = json!({
        "email": ALICE, "password": PASSWORD,
        "email_verified": true, "email_verified_at": "2020-01-01T00:00:00Z",
    });
    client.post("/api/auth/sign-up", &body).await.ok();
    let change = json!({ "password": "another password", "email_verified": true, "id": "x", "number": 7 });
    client.update(&change).await.ok();
    assert_eq!(client.session().await["user"]["email_verified"], false);
}

#[tokio::test]
async fn wrong_codes_and_codes_of_other_accounts_confirm_nothing() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    alice.send_email_code().await.ok();
    let code = app.code_to(ALICE).await;
    bob.verify_email(&code).await.fails(400, "invalid_otp");
    bob.send_email_code().await.ok();
    bob.verify_email(&code).await.fails(400, "invalid_otp");
    app.client().verify_email(&code).await.fails(401, "not_authenticated");
    for _ in 0..5 {
        alice.verify_email("00000").await.fails(400, "invalid_otp");
    }
    alice.verify_email(&code).await.fails(400, "invalid_otp");
    assert_eq!(alice.session().await["email_verified"], false);
}

#[tokio::test]
async fn a_new_address_takes_effect_when_it_is_confirmed() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let pending = alice.change_email(NEW).await;
    let user = pending.ok().json()["user"].clone();
    assert_eq!(
        (&user["primary_email"], &user["pending_email"]),
        (&json!(ALICE), &json!(NEW))
    );
    app.log_in(NEW, PASSWORD).await.fails(401, "invalid_credentials");

    let elsewhere = alice.elsewhere().await;
    let confirmed = alice.verify_email(&app.code_to(NEW).await).await;
    assert_eq!(confirmed.ok().json()["user"]["primary_email"], NEW);
    assert!(!elsewhere.is_signed_in().await);
    assert_eq!(alice.shown_email().await, NEW);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    app.log_in(NEW, PASSWORD).await.ok();
    // The former address is free for another account.
    app.client().sign_up(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn of_two_accounts_that_ask_for_an_address_the_first_to_confirm_it_gets_it() {
    let app = TestApp::new().await;
    let (one, two) = (app.user("one").await, app.user("two").await);
    one.change_email(NEW).await.ok();
    let code_of_one = app.code_to(NEW).await;
    two.change_email(&NEW.to_uppercase()).await.ok();
    let code_of_two = app.code_to(&NEW.to_uppercase()).await;
    two.verify_email(&code_of_two).await.ok();
    one.verify_email(&code_of_one).await.fails(409, "email_taken");
    assert_eq!(one.shown_email().await, "one@example.com");
    one.change_email(NEW).await.fails(409, "email_taken");
}

#[tokio::test]
async fn a_code_for_one_new_address_does_not_confirm_another() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.change_email("mine@example.com").await.ok();
    let code = app.code_to("mine@example.com").await;
    alice.change_email("victim@example.com").await.ok();
    alice.verify_email(&code).await.fails(400, "invalid_otp");
    assert_eq!(alice.shown_email().await, ALICE);
}

#[tokio::test]
async fn a_key_mailed_to_the_former_address_restores_it() {
    let app = TestApp::new().await;
    let thief = app.verified_user("alice").await;
    move_account(&app, &thief, THIEF).await;
    let notice = app.mail_to(ALICE).await;
    assert_eq!(notice.subject, "Your e-mail address was changed");
    // The key still works after a password change.
    thief.change_password(PASSWORD, "the thief's password").await.ok();

    app.client().restore_email(&notice.code()).await.ok();
    assert!(!thief.is_signed_in().await);
    for email in [ALICE, THIEF] {
        let log_in = app.log_in(email, "the thief's password").await;
        log_in.fails(401, "invalid_credentials");
    }
    let owner = app.client();
    owner.ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    owner.reset_password(ALICE, &code, "the owner's password").await.ok();
    app.log_in(ALICE, "the owner's password").await.ok();
    owner.restore_email(&notice.code()).await.fails(400, "invalid_otp");
}

#[tokio::test]
async fn after_two_changes_the_owners_key_works_and_the_thiefs_key_does_not() {
    // Between the changes the clock goes on, stands still, or is set back.
    for seconds in [1, 0, -200] {
        let app = without_limits().await;
        let thief = app.verified_user("alice").await;
        for address in [THIEF, "second@example.com"] {
            app.clock.advance(TimeDelta::seconds(seconds));
            move_account(&app, &thief, address).await;
            // Before the clock moves: a mail waits for its time.
            app.mails().await;
        }
        let owners_key = app.mail_to(ALICE).await.code();
        let thiefs_key = app.mail_to(THIEF).await.code();
        app.client().restore_email(&owners_key).await.ok();
        app.client().restore_email(&thiefs_key).await.fails(400, "invalid_otp");
    }
}

#[tokio::test]
async fn a_key_to_an_earlier_address_outlives_the_use_of_a_later_one() {
    for seconds in [1, 0, -200] {
        let app = without_limits().await;
        let thief = app.verified_user("alice").await;
        for address in [THIEF, "second@example.com"] {
            app.clock.advance(TimeDelta::seconds(seconds));
            move_account(&app, &thief, address).await;
            // Before the clock moves: a mail waits for its time.
            app.mails().await;
        }
        let owners_key = app.mail_to(ALICE).await.code();
        let thiefs_key = app.mail_to(THIEF).await.code();
        app.client().restore_email(&thiefs_key).await.ok();
        app.client().restore_email(&owners_key).await.ok();
    }
}

#[tokio::test]
async fn an_account_that_was_made_for_the_freed_address_does_not_block_the_restore() {
    let app = TestApp::new().await;
    let thief = app.verified_user("alice").await;
    move_account(&app, &thief, THIEF).await;
    let key = app.mail_to(ALICE).await.code();
    let squatter = app.user("alice").await;
    app.client().restore_email(&key).await.ok();
    assert!(!squatter.is_signed_in().await);
    assert!(!thief.is_signed_in().await);
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn a_key_expires_after_three_days_and_guesses_of_it_fail() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    move_account(&app, &alice, NEW).await;
    let key = app.mail_to(ALICE).await.code();
    for guess in ["", "A", "AAAAAAAAAAAAAAAAAAAAAA", &key[1..]] {
        let status = app.client().restore_email(guess).await.status;
        assert_eq!(status, 400, "{guess}");
    }
    app.clock.advance(TimeDelta::days(3));
    app.client().restore_email(&key).await.fails(400, "invalid_otp");
}

/// B4.
#[tokio::test]
async fn a_former_address_that_was_never_confirmed_gets_a_notice_without_a_key() {
    let app = TestApp::new().await;
    let user = app.user("mistyped").await;
    move_account(&app, &user, ALICE).await;
    let mail = app.mail_to("mistyped@example.com").await;
    assert_eq!(mail.subject, "An account with your e-mail address was moved");
    assert!(!mail.text.contains(ALICE), "{mail:?}");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM codes WHERE purpose = 'restore_email'")
            .await,
        0
    );
}
