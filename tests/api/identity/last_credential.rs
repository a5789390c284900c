//! An owner removes ways into the account, in any order, and never the last one.

use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::{Client, TestApp, at_once};

/// The path of the account's first identity.
async fn identity(client: &Client) -> String {
    let id = client.identities().await[0]["id"].as_str().unwrap().to_owned();
    format!("/api/auth/identities/{id}")
}

/// The path of the account's first passkey.
async fn passkey(client: &Client) -> String {
    let id = client.passkeys().await[0]["id"].as_str().unwrap().to_owned();
    format!("/api/auth/passkeys/{id}")
}

/// An account with a password, a passkey and an identity.
async fn app_of_alice(double: &OidcDouble) -> (TestApp, crate::helpers::TestUser) {
    let app = double.app().await;
    let alice = app.user("alice").await;
    alice.link_at("sso", double).await;
    alice.add_passkey().await;
    (app, alice)
}

#[tokio::test]
async fn an_account_with_a_password_removes_everything_else() {
    let double = OidcDouble::start();
    let (_app, alice) = app_of_alice(&double).await;
    alice.delete(&identity(&alice).await).await.assert_status(204);
    alice.delete(&passkey(&alice).await).await.assert_status(204);
}

#[tokio::test]
async fn without_a_password_a_passkey_remains_after_the_identity() {
    let double = OidcDouble::start();
    let (app, alice) = app_of_alice(&double).await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    alice.delete(&identity(&alice).await).await.assert_status(204);
    let last = passkey(&alice).await;
    alice.delete(&last).await.fails(409, "last_credential");
    assert_eq!(alice.passkeys().await.len(), 1);
}

#[tokio::test]
async fn without_a_password_an_identity_remains_after_the_passkey() {
    let double = OidcDouble::start();
    let (app, alice) = app_of_alice(&double).await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    alice.delete(&passkey(&alice).await).await.assert_status(204);
    let last = identity(&alice).await;
    alice.delete(&last).await.fails(409, "last_credential");
    assert_eq!(alice.identities().await.len(), 1);
    assert_eq!(app.client().log_in_at("sso", &double).await, "/dashboard");
}

/// Nothing can be done with an identity whose provider was taken out of the settings.
#[tokio::test]
async fn an_identity_of_a_provider_that_is_gone_is_no_way_in() {
    let double = OidcDouble::start();
    let (app, alice) = app_of_alice(&double).await;
    app.execute("UPDATE users SET password_hash = NULL").await;
    app.execute("UPDATE identities SET issuer = 'https://gone.example'")
        .await;
    alice.delete(&passkey(&alice).await).await.fails(409, "last_credential");
    alice.delete(&identity(&alice).await).await.assert_status(204);
}

#[tokio::test]
async fn of_two_removals_at_once_one_leaves_the_account_a_way_in() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    client.log_in_at("sso", &double).await;
    client.prove_by_mail(&app, "jane@example.com").await;
    double.says(Said::account("subject-2", "work@example.com", true));
    client.link_at("sso", &double).await;
    let paths: Vec<_> = client
        .identities()
        .await
        .iter()
        .map(|identity| format!("/api/auth/identities/{}", identity["id"].as_str().unwrap()))
        .collect();
    let mut statuses = at_once(2, |number| {
        let (client, path) = (client.clone(), paths[number].clone());
        async move { client.delete(&path).await.status.as_u16() }
    })
    .await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(client.identities().await.len(), 1);
}
