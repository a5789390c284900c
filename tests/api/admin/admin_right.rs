//! What the admin right asks of an account, and what ends when it is given.

use chrono::TimeDelta;
use serde_json::json;

use super::id_of;
use super::operators::admin;
use crate::helpers::{ALICE, PASSWORD, TestApp};

const USERS: &str = "/api/admin/users";
const NEW: &str = "another password";

/// With the password or the mailbox alone anybody could set up an authenticator app, and have a second factor.
#[tokio::test]
async fn a_second_factor_that_came_after_the_right_does_not_count_until_the_right_is_given_again() {
    let app = TestApp::new().await;
    let (root, _) = admin(&app).await;
    root.get(USERS).await.ok();
    root.remove_totp().await.assert_status(204);
    root.get(USERS).await.fails(403, "not_permitted");

    app.clock.advance(TimeDelta::hours(1));
    let client = app.client();
    client.ask_for_reset(&root.email).await.ok();
    let code = app.code_to(&root.email).await;
    client.reset_password(&root.email, &code, NEW).await.ok();
    root.browser.log_in(&root.email, NEW).await.ok();
    let authenticator = root.enrol(&app).await;
    root.get(USERS).await.fails(403, "not_permitted");
    let path = format!("{USERS}/{}", id_of(&root).await);
    root.send_json("PATCH", &path, &json!({"email_verified": true}))
        .await
        .fails(403, "not_permitted");

    app.make_admin(&root).await;
    root.browser
        .log_in(&root.email, NEW)
        .await
        .fails(401, "second_factor_required");
    root.finish_log_in(&authenticator.next_code()).await.ok();
    root.get(USERS).await.ok();
}

/// Otherwise a stolen key could prepare a session or a link for an account that is about to get the right.
#[tokio::test]
async fn what_was_prepared_before_the_right_is_void_with_it() {
    let app = TestApp::with_setup(|setup| {
        setup.mail.recovery_url = Some("https://app.example.com/recover".parse().unwrap());
    })
    .await;
    let operator = app.operator().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    let link = format!("/users/{}/recovery", id_of(&alice).await);
    let handed = operator.send("POST", &link, None).await.assert_status(201).json();
    let client = app.client();
    client.ask_for_reset(ALICE).await.ok();
    let mail = app.mail_to(ALICE).await;
    app.make_admin(&alice).await;

    let sessions = "SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL";
    assert_eq!(app.count(sessions).await, 0, "half a log-in is no account's");
    assert!(!alice.is_signed_in().await);
    for key in [handed["key"].as_str().unwrap(), &mail.recovery_key().unwrap()] {
        client.reset_password_with_key(key, NEW).await.fails(400, "invalid_otp");
    }
    client
        .reset_password(ALICE, &mail.code(), NEW)
        .await
        .fails(404, "otp_not_found");
    let answer = half.finish_log_in(&authenticator.next_code()).await;
    answer.assert_status(401);
    let given = "SELECT COUNT(*) FROM events WHERE kind = 'admin_action' AND data LIKE '%admin_right_given%'";
    assert_eq!(app.count(given).await, 1);
}

#[tokio::test]
async fn an_account_with_the_right_takes_no_key_that_an_operator_handed_over() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.verified_user("alice").await;
    let link = format!("/users/{}/recovery", id_of(&alice).await);
    let handed = operator.send("POST", &link, None).await.assert_status(201).json();
    // As another release does that leaves the key alive.
    app.execute("UPDATE users SET admin_at = '2024-10-04T00:00:00+00:00'")
        .await;
    let client = app.client();
    client
        .reset_password_with_key(handed["key"].as_str().unwrap(), NEW)
        .await
        .fails(400, "invalid_otp");
    client.log_in(ALICE, PASSWORD).await.ok();
}

/// The session may come from memory, which a disabling by another process has not reached yet.
#[tokio::test]
async fn a_disabled_account_has_no_admin_right() {
    let app = TestApp::new().await;
    let (root, _) = admin(&app).await;
    root.get(USERS).await.ok();
    app.execute("UPDATE users SET disabled_at = '2024-10-04T00:00:00+00:00'")
        .await;
    let answer = root.get(USERS).await;
    assert!(matches!(answer.status.as_u16(), 401 | 403), "{}", answer.body);
    assert!(!answer.body.contains(&root.email));
}
