//! Every mail as it is sent, in English; codes, keys and times are replaced.

use insta::assert_snapshot;

use super::keys::with_links;
use crate::helpers::{ALICE, PASSWORD, TestApp};

const NEW: &str = "new@example.com";

#[tokio::test]
async fn the_code_that_confirms_an_address() {
    let app = TestApp::new().await;
    app.user("alice").await.send_email_code().await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: [code] is your code to confirm your address

    Enter this code to confirm that this e-mail address is yours.

    Your code: [code]

    It is valid for 10 minutes. If you have no account at Neptun Auth, another person mistyped
      their address: ignore this mail.
    ");
}

#[tokio::test]
async fn the_code_that_confirms_a_new_address() {
    let app = TestApp::new().await;
    app.user("alice").await.change_email(NEW).await.ok();
    assert_snapshot!(app.mail_to(NEW).await, @"
    To: new@example.com
    Subject: [code] is your code to confirm your new address

    This address was entered as the new address of an account at Neptun Auth. If it was you, enter
      this code where you are signed in.

    Your code: [code]

    It is valid for 10 minutes. If it was not you, ignore this mail. Never give the code to anyone.
    ");
}

#[tokio::test]
async fn the_notice_of_a_new_address_with_the_key_that_restores_the_former() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    alice.change_email(NEW).await.ok();
    alice.verify_email(&app.code_to(NEW).await).await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: Your e-mail address was changed

    The address of your account at Neptun Auth was changed from this one to another on 2024-10-04
      00:00 UTC.

    If it was not you, undo the change within 3 days with this key:

    [code]

    That signs out all devices and removes the password; set a new one with a code afterwards.
      If it was you, delete this mail.
    ");
}

#[tokio::test]
async fn the_notice_to_a_former_address_that_was_never_confirmed() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.change_email(NEW).await.ok();
    alice.verify_email(&app.code_to(NEW).await).await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: An account with your e-mail address was moved

    An account at Neptun Auth had this address, which was never confirmed. On 2024-10-04 00:00
      UTC it was moved to another address, and has nothing to do with this one any more.

    If it was not your account, ignore this mail. If you wanted to keep it, make a new one: this
      address is free again.
    ");
}

#[tokio::test]
async fn the_code_that_resets_a_password() {
    let app = TestApp::new().await;
    app.user("alice").await.ask_for_reset(ALICE).await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: [code] is your code to reset your password

    We received a request to reset the password of your account at Neptun Auth.

    Your code: [code]

    It is valid for 10 minutes and works once. Never give it to anyone, not even to people who
      say that they work for Neptun Auth.

    If it was not you, ignore this mail: your password stays as it is.
    ");
}

#[tokio::test]
async fn the_code_and_the_link_that_reset_a_password() {
    let app = with_links().await;
    app.user("alice").await.ask_for_reset(ALICE).await.ok();
    let mut mail = app.mail_to(ALICE).await;
    mail.text = mail.text.replace(&mail.recovery_key().unwrap(), "[key]");
    assert_snapshot!(mail, @"
    To: alice@example.com
    Subject: [code] is your code to reset your password

    We received a request to reset the password of your account at Neptun Auth.

    Your code: [code]

    It is valid for 10 minutes and works once. Never give it to anyone, not even to people who
      say that they work for Neptun Auth.

    Or set a new password on this page, within 60 minutes:

    https://app.example.com/reset#key=[key]

    If it was not you, ignore this mail: your password stays as it is.
    ");
}

#[tokio::test]
async fn the_notice_of_a_new_password() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.change_password(PASSWORD, "a new long password").await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: Your password was changed

    The password of your account at Neptun Auth was changed on 2024-10-04 00:00 UTC, and all other
      devices were signed out.

    If it was not you, reset your password with a code now: the person who changed it knows the
      old one or can read your mail.
    ");
}

#[tokio::test]
async fn the_notice_of_a_new_device() {
    let app = TestApp::new().await;
    let alice = app.user_at("198.51.100.20", "alice").await;
    let body = serde_json::json!({ "email": ALICE, "password": PASSWORD });
    let phone = alice.another().at("203.0.113.9");
    let curl = [("user-agent", "curl/8.5.0")];
    phone.send_json_with("POST", "/api/auth/login", &curl, &body).await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: New log-in with curl

    Your account at Neptun Auth was used with curl for the first time, on 2024-10-04 00:00 UTC
      from the network 203.0.113.0/24.

    If it was not you, reset your password with a code now: that signs out all devices.
    ");
}

#[tokio::test]
async fn the_notice_of_a_deleted_account() {
    let app = TestApp::new().await;
    app.user("alice").await.delete_account().await.ok();
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: Your account was deleted

    Your account at Neptun Auth was deleted on 2024-10-04 00:00 UTC together with everything that
      was stored about you.

    This can't be undone. You can make a new account with this address at any time.
    ");
}
