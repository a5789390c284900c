//! A disabled account is out at once, and nothing lets it back in.

use serde_json::json;

use super::id_of;
use crate::helpers::identities::OidcDouble;
use crate::helpers::{ALICE, PASSWORD, TestApp};

const NEW: &str = "another password";

#[tokio::test]
async fn a_disabled_account_is_out_at_once_on_every_instance() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let tokens = alice.tokens().await;
    let elsewhere = app.second_instance().await;
    elsewhere.set_cookie(alice.cookie());
    assert!(elsewhere.is_signed_in().await);
    let path = format!("/users/{}", id_of(&alice).await);
    let user = operator.patch(&path, &json!({"disabled": true})).await.ok().json();
    assert!(user["disabled_at"].is_string());
    assert_eq!(
        app.database.sessions().await,
        0,
        "its sessions ended in the same transaction"
    );
    assert!(!alice.is_signed_in().await);
    alice.refresh(&tokens.refresh).await.assert_status(401);
    // The other instance is told; no test can say how long that takes on a slow machine.
    while elsewhere.is_signed_in().await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    operator.patch(&path, &json!({"disabled": true})).await.ok();
    let events = "SELECT COUNT(*) FROM events WHERE kind = 'account_disabled' AND actor = 'operator'";
    assert_eq!(app.count(events).await, 1, "the second time changed nothing");

    operator.patch(&path, &json!({"disabled": false})).await.ok();
    assert!(!alice.is_signed_in().await);
    app.client().log_in(ALICE, PASSWORD).await.ok();
    assert_eq!(
        app.count("SELECT COUNT(*) FROM events WHERE kind = 'account_enabled'")
            .await,
        1
    );
}

#[tokio::test]
async fn no_mail_code_passkey_or_token_lets_a_disabled_account_back_in() {
    let app = TestApp::with_setup(|setup| {
        setup.log_in.by_code = true;
        setup.mail.recovery_url = Some("https://app.example.com/recover".parse().unwrap());
    })
    .await;
    let operator = app.operator().await;
    let alice = app.verified_user("alice").await;
    let (passkey, tokens) = (alice.add_passkey().await, alice.tokens().await);
    let client = app.client();
    client.ask_for_log_in_code(ALICE).await.ok();
    let old_code = app.code_to(ALICE).await;
    client.ask_for_reset(ALICE).await.ok();
    let old_key = app.mail_to(ALICE).await.recovery_key().unwrap();
    let path = format!("/users/{}", id_of(&alice).await);
    let handed = operator
        .send("POST", &format!("{path}/recovery"), None)
        .await
        .assert_status(201)
        .json();
    operator.patch(&path, &json!({"disabled": true})).await.ok();

    // What was under way is void.
    client
        .log_in_with_code(ALICE, &old_code)
        .await
        .fails(400, "invalid_otp");
    client
        .reset_password_with_key(&old_key, NEW)
        .await
        .fails(400, "invalid_otp");
    client
        .reset_password_with_key(handed["key"].as_str().unwrap(), NEW)
        .await
        .fails(400, "invalid_otp");
    // What begins now ends at the gate.
    client.log_in(ALICE, PASSWORD).await.fails(403, "account_disabled");
    client.log_in_by_passkey(&passkey).await.fails(403, "account_disabled");
    client.log_in_for_tokens(ALICE, PASSWORD).await.assert_status(401);
    client.refresh(&tokens.refresh).await.assert_status(401);
    client.get_as("/api/me/", &tokens.access).await.assert_status(401);
    client.ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    client
        .log_in_with_code(ALICE, &code)
        .await
        .fails(403, "account_disabled");
    client.ask_for_reset(ALICE).await.ok();
    let mail = app.mail_to(ALICE).await;
    client.reset_password(ALICE, &mail.code(), NEW).await.ok();
    client.log_in(ALICE, NEW).await.fails(403, "account_disabled");
    let handed = operator
        .send("POST", &format!("{path}/recovery"), None)
        .await
        .assert_status(201)
        .json();
    client
        .reset_password_with_key(handed["key"].as_str().unwrap(), PASSWORD)
        .await
        .ok();
    client.log_in(ALICE, PASSWORD).await.fails(403, "account_disabled");
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn no_identity_lets_a_disabled_account_back_in() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let operator = app.operator().await;
    let alice = app.client();
    assert_eq!(alice.log_in_at("sso", &double).await, "/dashboard");
    let under_way = app.client();
    let begun = under_way.set_out("/auth/sso").await;
    let path = format!("/users/{}", id_of(&alice).await);
    operator.patch(&path, &json!({"disabled": true})).await.ok();
    let refused = "/log-in?error=account_disabled";
    assert_eq!(under_way.set_out(&double.callback(&begun)).await, refused);
    assert_eq!(app.client().log_in_at("sso", &double).await, refused);
    for provider in ["sso", "google", "untrusted"] {
        let client = app.client();
        client.log_in_at(provider, &double).await;
        assert!(!client.is_signed_in().await, "{provider}");
    }
    assert!(!alice.is_signed_in().await && !under_way.is_signed_in().await);
}

#[tokio::test]
async fn half_a_log_in_is_not_finished_after_a_disabling() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let path = format!("/users/{}", id_of(&alice).await);
    let half = alice.half_log_in().await;
    operator.patch(&path, &json!({"disabled": true})).await.ok();
    let answer = half.finish_log_in(&authenticator.next_code()).await;
    assert!(matches!(answer.status.as_u16(), 401 | 403), "{}", answer.body);
    assert!(!half.is_signed_in().await);
}

/// The gate is in the statement that stores the session: of a log-in and a disabling at once, the log-in loses or ends.
#[tokio::test]
async fn a_log_in_that_races_a_disabling_leaves_no_session() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let path = format!("/users/{}", id_of(&alice).await);
    for round in 0..8 {
        let log_ins = (0..4).map(|_| {
            let client = app.client();
            tokio::spawn(async move { client.log_in(ALICE, PASSWORD).await.status.as_u16() })
        });
        let log_ins: Vec<_> = log_ins.collect();
        operator.patch(&path, &json!({"disabled": true})).await.ok();
        for log_in in log_ins {
            let status = log_in.await.unwrap();
            assert!(matches!(status, 200 | 403), "{status}");
        }
        assert_eq!(app.database.sessions().await, 0, "round {round}");
        operator.patch(&path, &json!({"disabled": false})).await.ok();
    }
}

/// A release that does not know of disabled accounts goes on logging them in until its last instance has stopped.
#[tokio::test]
async fn disabling_again_and_enabling_end_the_sessions_that_another_release_let_in() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let path = format!("/users/{}", id_of(&alice).await);
    let close_gate = "UPDATE users SET disabled_at = '2024-10-04T00:00:00+00:00'";
    app.execute(close_gate).await;
    operator.patch(&path, &json!({"disabled": true})).await.ok();
    assert_eq!(app.database.sessions().await, 0);
    let ended = "SELECT COUNT(*) FROM events WHERE kind = 'session_revoked' AND actor = 'operator'";
    assert_eq!(app.count(ended).await, 1);

    operator.patch(&path, &json!({"disabled": false})).await.ok();
    alice.log_in().await.ok();
    operator.patch(&path, &json!({"disabled": false})).await.ok();
    assert!(alice.is_signed_in().await, "it was enabled, so nothing ended");
    app.execute(close_gate).await;
    operator.patch(&path, &json!({"disabled": false})).await.ok();
    assert_eq!(app.database.sessions().await, 0);
    assert!(!alice.is_signed_in().await);
}

#[tokio::test]
async fn nothing_that_was_begun_before_or_while_disabled_lets_anybody_in_once_it_is_enabled() {
    let app = TestApp::with_setup(|setup| {
        setup.log_in.by_code = true;
        setup.mail.recovery_url = Some("https://app.example.com/recover".parse().unwrap());
    })
    .await;
    let operator = app.operator().await;
    let (alice, bob) = (app.verified_user("alice").await, app.user("bob").await);
    let authenticator = bob.enrol(&app).await;
    let half = bob.half_log_in().await;
    let path_of_bob = format!("/users/{}", id_of(&bob).await);
    for disabled in [true, false] {
        operator
            .patch(&path_of_bob, &json!({ "disabled": disabled }))
            .await
            .ok();
    }
    half.finish_log_in(&authenticator.next_code()).await.assert_status(401);
    assert!(!half.is_signed_in().await);

    let path = format!("/users/{}", id_of(&alice).await);
    operator.patch(&path, &json!({"disabled": true})).await.ok();
    let client = app.client();
    client.ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    client.ask_for_reset(ALICE).await.ok();
    let mail = app.mail_to(ALICE).await;
    let link = format!("{path}/recovery");
    let handed = operator.send("POST", &link, None).await.assert_status(201).json();
    operator.patch(&path, &json!({"disabled": false})).await.ok();
    client.log_in_with_code(ALICE, &code).await.fails(400, "invalid_otp");
    client
        .reset_password(ALICE, &mail.code(), NEW)
        .await
        .fails(404, "otp_not_found");
    for key in [handed["key"].as_str().unwrap(), &mail.recovery_key().unwrap()] {
        client.reset_password_with_key(key, NEW).await.fails(400, "invalid_otp");
    }
    client.log_in(ALICE, PASSWORD).await.ok();
}
