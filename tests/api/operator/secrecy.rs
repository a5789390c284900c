//! What a thief of the database gets.

use serde_json::json;

use crate::helpers::TestApp;

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn the_database_contains_neither_a_cookie_nor_a_password() {
    let app = TestApp::new().await;
    let password = "canary-password-7319";
    let client = app.client();
    client.sign_up("user@example.com", password).await.assert_status(200);
    let first = client.cookie().unwrap();
    client.log_in("user@example.com", password).await.assert_status(200);
    let second = client.cookie().unwrap();
    client
        .log_in("user@example.com", "canary-password-7320")
        .await
        .assert_status(401);

    let stored = app.database.dump().await;
    assert!(contains(&stored, b"user@example.com"), "the dump shows what is stored");
    assert!(!contains(&stored, b"canary-password"));
    for cookie in [first, second] {
        let value = cookie.split_once('=').unwrap().1;
        assert!(!contains(&stored, value.as_bytes()));
        let secret: neptun_auth::model::session::secret::SessionSecret = value.parse().unwrap();
        let raw = secret.id().0.to_le_bytes();
        assert!(!contains(&stored, &raw));
        let hex = uuid::Uuid::from_bytes(raw).simple().to_string();
        assert!(!contains(&stored, hex.as_bytes()));
    }
}

#[tokio::test]
async fn no_body_shows_a_hash_or_a_secret() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let value = client.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    for path in ["/api/auth/session", "/api/auth/sessions", "/api/_auth/session"] {
        let body = client.get(path).await.body;
        assert!(
            !body.contains(&value) && !body.contains("argon2") && !body.contains("hash"),
            "{body}"
        );
    }
    let fields: Vec<_> = client.get("/api/auth/session").await.json()["user"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(json!(fields), json!(["id", "primary_email", "email_verified"]));
}
