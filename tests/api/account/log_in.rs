//! `POST /api/auth/login`.

use argon2::{Argon2, Params, PasswordHasher};
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

/// Where the accounts of these tests are at home.
const HOME: &str = "198.51.100.20";

#[tokio::test]
async fn starts_a_session_with_the_sign_up_body() {
    let app = TestApp::new().await;
    let created = app.client().sign_up("user@example.com", PASSWORD).await.json();
    let client = app.client();
    let answer = client.log_in(" USER@example.com ", PASSWORD).await;
    assert_eq!(answer.assert_status(200).json(), created);
    assert_eq!(client.session_status().await, 200);
}

#[tokio::test]
async fn unknown_wrong_and_passwordless_get_one_answer() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    app.signed_up("passwordless@example.com").await;
    let remove = "UPDATE users SET password_hash = NULL WHERE email = 'passwordless@example.com'";
    app.database.execute(remove, remove).await;
    let mut answers = Vec::new();
    for email in ["nobody@example.com", "user@example.com", "passwordless@example.com"] {
        let client = app.client();
        let answer = client.log_in(email, "wrong password").await;
        answer.assert_error(401, "invalid_credentials");
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
    app.client()
        .sign_up("user@example.com", &format!("{long}Aa "))
        .await
        .assert_status(200);
    for wrong in [
        format!("{long}Ab "),
        format!("{long}aa "),
        format!("{long}Aa"),
        long.clone(),
    ] {
        app.client()
            .log_in("user@example.com", &wrong)
            .await
            .assert_error(401, "invalid_credentials");
    }
    app.client()
        .log_in("user@example.com", &format!("{long}Aa "))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn composed_and_decomposed_characters_are_the_same_password() {
    let app = TestApp::new().await;
    app.client()
        .sign_up("user@example.com", "caf\u{e9} au lait")
        .await
        .assert_status(200);
    app.client()
        .log_in("user@example.com", "cafe\u{301} au lait")
        .await
        .assert_status(200);
}

#[tokio::test]
async fn malformed_input_is_a_400_that_lists_every_field() {
    let app = TestApp::new().await;
    let issues = app
        .client()
        .post("/api/auth/login", &json!({ "email": "nobody" }))
        .await
        .issues();
    assert_eq!(
        issues,
        [
            ("email".into(), "invalid_email".into()),
            ("password".into(), "required".into())
        ]
    );
    let issues = app.client().log_in("user@example.com", "").await.issues();
    assert_eq!(issues, [("password".into(), "too_short".into())]);
    let issues = app.client().log_in("user@example.com", &"x".repeat(257)).await.issues();
    assert_eq!(issues, [("password".into(), "too_long".into())]);
}

#[tokio::test]
async fn gives_a_new_id_and_ends_the_presented_session() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let before = client.copy();
    client.log_in("user@example.com", PASSWORD).await.assert_status(200);
    assert_ne!(client.cookie(), before.cookie());
    assert_eq!(before.session_status().await, 401);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test]
async fn a_failed_log_in_leaves_the_presented_session_alone() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    client
        .log_in("user@example.com", "wrong password")
        .await
        .assert_status(401);
    assert_eq!(client.session_status().await, 200);
}

/// The account of `user@example.com`. The test app's own hashes use 64 KiB; this one, made by the plain crate, is weaker.
async fn with_a_weak_hash() -> TestApp {
    let app = TestApp::new().await;
    app.client()
        .at(HOME)
        .sign_up("user@example.com", PASSWORD)
        .await
        .assert_status(200);
    let weak = Argon2::from(Params::new(8, 1, 1, None).unwrap())
        .hash_password(PASSWORD.as_bytes())
        .unwrap();
    app.database.set_password_hash(&weak.to_string()).await;
    app
}

#[tokio::test]
async fn a_weaker_stored_hash_is_upgraded() {
    let app = with_a_weak_hash().await;
    let weak_rows = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=8,t=1,p=1$%'";
    assert_eq!(app.database.count(weak_rows).await, 1);
    app.client()
        .log_in("user@example.com", "wrong password")
        .await
        .assert_status(401);
    assert_eq!(app.database.count(weak_rows).await, 1);
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_status(200);
    let strong_rows = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=64,t=2,p=1$%'";
    assert_eq!(app.database.count(strong_rows).await, 1);
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_ins_that_upgrade_one_hash_at_the_same_moment_all_succeed() {
    let app = with_a_weak_hash().await;
    let attempts: Vec<_> = (0..12)
        .map(|number| {
            let client = app.client().at([HOME, "203.0.113.9"][number % 2]);
            tokio::spawn(async move { client.log_in("user@example.com", PASSWORD).await.status.as_u16() })
        })
        .collect();
    for attempt in attempts {
        assert_eq!(attempt.await.unwrap(), 200);
    }
}
