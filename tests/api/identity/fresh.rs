//! A provider lets a browser through that it knows, without a prompt: that is no fresh proof.

use serde_json::json;

use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::{Client, PASSWORD};

const JANE: &str = "jane@example.com";

/// Every act that asks for a fresh proof is refused, and names `methods`.
async fn asks_for_a_proof(client: &Client, methods: &serde_json::Value) {
    let id = client.identities().await[0]["id"].as_str().unwrap().to_owned();
    for answer in [
        client.link("sso").await,
        client.delete(&format!("/api/auth/identities/{id}")).await,
        client.start_totp().await,
        client.change_email("other@example.com").await,
        client.delete_account().await,
    ] {
        answer.fails(403, "reauthentication_required");
        assert_eq!(&answer.json()["data"]["methods"], methods);
    }
}

#[tokio::test]
async fn a_log_in_with_a_provider_is_no_fresh_proof() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    alice.link_at("sso", &double).await;
    app.clock.advance(chrono::TimeDelta::days(1));
    double.says(Said {
        now: app.clock.now().timestamp(),
        ..Default::default()
    });
    // A person at the owner's open browser is let through by the provider.
    assert_eq!(alice.log_in_at("sso", &double).await, "/dashboard");
    asks_for_a_proof(&alice, &json!(["password"])).await;
    alice
        .reauthenticate(&json!({ "current_password": PASSWORD }))
        .await
        .ok();
    alice.start_totp().await.ok();
}

#[tokio::test]
async fn an_account_with_nothing_but_an_identity_proves_itself_by_mail() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    assert_eq!(client.log_in_at("sso", &double).await, "/dashboard");
    asks_for_a_proof(&client, &json!(["mail_code"])).await;
    client.prove_by_mail(&app, JANE).await;
    assert_eq!(client.session().await["amr"], json!(["mail", "fed"]));
    client.link("sso").await.ok();
    client.delete_account().await.ok();
}
