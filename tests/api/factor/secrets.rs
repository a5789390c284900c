//! Secrets of factors are shown once, and stored in no readable form.

use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, contains};

#[tokio::test]
async fn neither_the_database_nor_an_export_contains_a_secret_or_a_recovery_code() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let started = alice.start_totp().await.ok().json();
    let secret = started["secret"].as_str().unwrap();
    let raw = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    for step in ["pending", "confirmed"] {
        let stored = app.database.dump().await;
        assert!(contains(&stored, ALICE.as_bytes()) && contains(&stored, b"Authenticator app"));
        let hex = data_encoding::HEXLOWER.encode(&raw);
        for form in [secret.as_bytes(), &raw, hex.as_bytes()] {
            assert!(!contains(&stored, form), "{step}");
        }
        if step == "pending" {
            let app_of_alice = crate::helpers::Authenticator::new(secret, app.clock.clone());
            let confirmed = alice.confirm_totp(&app_of_alice.code()).await.ok().json();
            let code = confirmed["recovery_codes"][0].as_str().unwrap().to_owned();
            let stored = app.database.dump().await;
            for form in [code.clone(), code.replace('-', "")] {
                assert!(!contains(&stored, form.as_bytes()));
            }
            let export = alice.export().await;
            assert!(!export.ok().body.contains(&code) && !export.body.contains(secret));
            assert_eq!(export.json()["factors"], alice.factors().await);
        }
    }
    let shown = alice.factors().await.to_string();
    assert!(!shown.contains(secret) && !shown.contains("otpauth"));
}

#[tokio::test]
async fn deleting_the_account_deletes_its_factors() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.enrol(&app).await;
    alice.delete_account().await.ok();
    for table in ["SELECT COUNT(*) FROM totp", "SELECT COUNT(*) FROM recovery_codes"] {
        assert_eq!(app.count(table).await, 0);
    }
    // The address is free, and a new account starts without them.
    let client = app.client();
    client.sign_up(ALICE, PASSWORD).await.ok();
    assert_eq!(client.factors().await, json!([]));
}
