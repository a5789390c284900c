//! Secrets that neither the database nor a body contains.

use neptun_auth::model::session::secret::SessionSecret;
use serde_json::Value;

use crate::helpers::{ALICE, TestApp, contains};

#[tokio::test]
async fn the_database_contains_neither_a_cookie_nor_a_password() {
    let app = TestApp::new().await;
    let password = "canary-password-7319";
    let client = app.client();
    client.sign_up(ALICE, password).await.ok();
    let first = client.secret();
    client.log_in(ALICE, password).await.ok();
    let second = client.secret();
    client.log_in(ALICE, "canary-password-7320").await.assert_status(401);

    let stored = app.database.dump().await;
    assert!(contains(&stored, ALICE.as_bytes()), "the dump is empty");
    assert!(!contains(&stored, b"canary-password"));
    for value in [first, second] {
        assert!(!contains(&stored, value.as_bytes()));
        let secret: SessionSecret = value.parse().unwrap();
        let raw = secret.id().0.to_le_bytes();
        assert!(!contains(&stored, &raw));
        let hex = uuid::Uuid::from_bytes(raw).simple().to_string();
        assert!(!contains(&stored, hex.as_bytes()));
    }
}

#[tokio::test]
async fn no_body_shows_a_hash_or_a_secret() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let secret = alice.secret();
    for path in ["/api/auth/session", "/api/auth/sessions", "/api/_auth/session"] {
        let body = alice.get(path).await.body;
        for word in [&secret, "argon2", "hash"] {
            assert!(!body.contains(word), "{body}");
        }
    }
    let Value::Object(user) = alice.session().await["user"].take() else {
        panic!()
    };
    assert_eq!(
        user.keys().collect::<Vec<_>>(),
        ["id", "primary_email", "email_verified"]
    );
}
