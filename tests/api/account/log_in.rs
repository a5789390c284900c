//! `POST /api/auth/login`.

use argon2::{Argon2, Params, PasswordHasher};
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, TestUser, at_once};

/// The network that Alice's account knows.
const HOME: &str = "198.51.100.20";

#[tokio::test]
async fn starts_a_session_and_answers_as_sign_up_does() {
    let app = TestApp::new().await;
    let created = app.client().sign_up(ALICE, PASSWORD).await.json();
    let client = app.client();
    let answer = client.log_in(" ALICE@example.com ", PASSWORD).await;
    assert_eq!(answer.ok().json(), created);
    assert!(client.is_signed_in().await);
}

#[tokio::test]
async fn unknown_account_wrong_password_and_no_password_get_the_same_answer() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.user("passwordless").await;
    app.execute("UPDATE users SET password_hash = NULL WHERE email = 'passwordless@example.com'")
        .await;
    let mut answers = Vec::new();
    for email in ["unknown@example.com", ALICE, "passwordless@example.com"] {
        let client = app.client();
        let answer = client.log_in(email, "wrong password").await;
        answer.fails(401, "invalid_credentials");
        assert_eq!(client.cookie(), None);
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn the_whole_password_counts_exactly_as_received() {
    let app = TestApp::new().await;
    let long = "x".repeat(72);
    app.client().sign_up(ALICE, &format!("{long}Aa ")).await.ok();
    for wrong in [
        format!("{long}Ab "),
        format!("{long}aa "),
        format!("{long}Aa"),
        long.clone(),
    ] {
        app.log_in(ALICE, &wrong).await.fails(401, "invalid_credentials");
    }
    app.log_in(ALICE, &format!("{long}Aa ")).await.ok();
}

#[tokio::test]
async fn composed_and_decomposed_characters_are_the_same_password() {
    let app = TestApp::new().await;
    app.client().sign_up(ALICE, "caf\u{e9} au lait").await.ok();
    app.log_in(ALICE, "cafe\u{301} au lait").await.ok();
}

#[tokio::test]
async fn malformed_input_is_a_400_that_lists_every_field() {
    let app = TestApp::new().await;
    let body = json!({ "email": "no address" });
    let answer = app.client().post("/api/auth/login", &body).await;
    assert_eq!(answer.issues(), ["email: invalid_email", "password: required"]);
    assert_eq!(app.log_in(ALICE, "").await.issues(), ["password: too_short"]);
    let long = "x".repeat(257);
    assert_eq!(app.log_in(ALICE, &long).await.issues(), ["password: too_long"]);
}

#[tokio::test]
async fn gives_a_new_id_and_ends_the_presented_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let before = alice.copy();
    alice.log_in().await.ok();
    assert_ne!(alice.cookie(), before.cookie());
    assert!(!before.is_signed_in().await);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test]
async fn a_failed_log_in_leaves_the_presented_session_alone() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.log_in_with("wrong password").await.assert_status(401);
    assert!(alice.is_signed_in().await);
}

/// Alice with a hash that the plain crate made with 8 KiB of memory; the test app's own hashes use 64 KiB.
async fn alice_with_a_weak_hash() -> (TestApp, TestUser) {
    let app = TestApp::new().await;
    let alice = app.user_at(HOME, "alice").await;
    let weak = Argon2::from(Params::new(8, 1, 1, None).unwrap())
        .hash_password(PASSWORD.as_bytes())
        .unwrap();
    app.database.set_password_hash(&weak.to_string()).await;
    (app, alice)
}

#[tokio::test]
async fn a_weaker_stored_hash_is_upgraded() {
    let (app, _) = alice_with_a_weak_hash().await;
    let weak_rows = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=8,t=1,p=1$%'";
    assert_eq!(app.count(weak_rows).await, 1);
    app.log_in(ALICE, "wrong password").await.assert_status(401);
    assert_eq!(app.count(weak_rows).await, 1);
    app.log_in(ALICE, PASSWORD).await.ok();
    let strong_rows = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=64,t=2,p=1$%'";
    assert_eq!(app.count(strong_rows).await, 1);
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_ins_that_upgrade_one_hash_at_the_same_moment_all_succeed() {
    let (_app, alice) = alice_with_a_weak_hash().await;
    let answers = at_once(12, |number| {
        let client = alice.another().at([HOME, "203.0.113.9"][number % 2]);
        async move { client.log_in(ALICE, PASSWORD).await }
    });
    for answer in answers.await {
        answer.ok();
    }
}
