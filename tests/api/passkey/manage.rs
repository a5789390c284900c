//! `/api/auth/passkeys`, `/.well-known/webauthn`, and what becomes of passkeys with their account.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, TestUser, contains, passkeys};

async fn first_path(user: &TestUser) -> String {
    let listed = user.passkeys().await;
    format!("/api/auth/passkeys/{}", listed[0]["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_owner_renames_a_passkey() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.add_passkey().await;
    let path = first_path(&alice).await;
    let rename = |name: String| {
        let (alice, path) = (alice.browser.clone(), path.clone());
        async move { alice.send_json("PATCH", &path, &json!({ "name": name })).await }
    };
    let renamed = rename(" <b>Jane's phone</b> ".to_owned()).await.ok().json();
    assert_eq!(renamed["name"], "<b>Jane's phone</b>");
    assert_eq!(alice.passkeys().await[0], renamed);
    assert_eq!(rename(String::new()).await.issues(), ["name: too_short"]);
    assert_eq!(rename("x".repeat(65)).await.issues(), ["name: too_long"]);
    assert_eq!(rename("a\0b".to_owned()).await.issues(), ["name: invalid_characters"]);
}

#[tokio::test]
async fn another_accounts_passkey_is_not_there() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.add_passkey().await;
    let path = first_path(&alice).await;
    let bob = app.user("bob").await;
    assert_eq!(bob.passkeys().await.len(), 0);
    bob.send_json("PATCH", &path, &json!({ "name": "x" }))
        .await
        .fails(404, "not_found");
    bob.delete(&path).await.fails(404, "not_found");
    app.client()
        .get("/api/auth/passkeys")
        .await
        .fails(401, "not_authenticated");
    app.client().delete(&path).await.fails(401, "not_authenticated");
    assert_eq!(alice.passkeys().await.len(), 1);
}

#[tokio::test]
async fn a_removed_passkey_logs_in_no_more_and_the_owner_is_told() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let passkey = alice.add_passkey().await;
    let path = first_path(&alice).await;
    app.clock.advance(TimeDelta::minutes(11));
    alice.delete(&path).await.fails(403, "reauthentication_required");
    alice.log_in().await.ok();
    alice.delete(&path).await.assert_status(204);
    alice.delete(&path).await.fails(404, "not_found");
    assert_eq!(app.mail_to(ALICE).await.subject, "A passkey was removed");
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(401, "invalid_credentials");
}

#[tokio::test]
async fn the_last_way_into_an_account_is_not_removed() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let passkey = alice.add_passkey().await;
    alice.add_passkey().await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    alice.log_in_by_passkey(&passkey).await.ok();
    let path = first_path(&alice).await;
    alice.delete(&path).await.assert_status(204);
    let path = first_path(&alice).await;
    alice.delete(&path).await.fails(409, "last_credential");
    assert_eq!(alice.passkeys().await.len(), 1);
}

#[tokio::test]
async fn the_first_proof_of_the_address_removes_passkeys_of_before() {
    let app = TestApp::new().await;
    let intruder = app.user("alice").await;
    let passkey = intruder.add_passkey().await;
    // The owner resets the password of the account that another person made with the owner's address.
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, "the owner's own").await.ok();
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(401, "invalid_credentials");
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
}

#[tokio::test]
async fn passkeys_are_exported_and_go_with_their_account() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.add_passkey().await;
    let export = alice.export().await.ok().json();
    assert_eq!(export["factors"][0]["kind"], "passkey");
    assert_eq!(export["factors"][0]["id"], alice.passkeys().await[0]["id"]);
    assert_eq!(alice.get("/api/auth/factors").await.ok().json(), export["factors"]);
    alice.delete_account().await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
}

#[tokio::test]
async fn the_database_contains_no_challenge_and_lists_show_no_key() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let passkey = alice.add_passkey().await;
    let client = app.client();
    let begun = client.begin_passkey_log_in().await;
    let assertion = passkey.assertion(&begun["requestOptions"]);
    client.finish_passkey_log_in(&begun, &assertion).await.ok();
    let stored = app.database.dump().await;
    let challenge = begun["requestOptions"]["challenge"].as_str().unwrap();
    assert!(contains(&stored, b"Passkey"), "the dump is empty");
    assert!(!contains(&stored, challenge.as_bytes()));
    let body = alice.get("/api/auth/passkeys").await.body;
    for word in ["public_key", "credential", "sign_count"] {
        assert!(!body.contains(word), "{body}");
    }
    assert!(!client.session().await.to_string().contains(challenge));
}

#[tokio::test]
async fn origins_on_other_domains_are_published_where_there_are_some() {
    let app = TestApp::new().await;
    app.client().get("/.well-known/webauthn").await.fails(404, "not_found");
    let related = ["https://app.example.org"];
    let app = TestApp::with_setup(|setup| setup.passkeys = passkeys("http://localhost:8080", &related)).await;
    let published = app.client().get("/.well-known/webauthn").await.ok().json();
    assert_eq!(published, json!({ "origins": related }));
    let alice = app.user("alice").await;
    let mut passkey = alice.add_passkey().await;
    passkey.ceremony.origin = related[0].to_owned();
    app.client().log_in_by_passkey(&passkey).await.ok();
    passkey.ceremony.origin = "https://other.example.org".to_owned();
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(400, "passkey_not_accepted");
    assert!(app.log_in(ALICE, PASSWORD).await.status.is_success());
}
