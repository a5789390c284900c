//! What is recorded of identities, in the transaction of the deed.

use serde_json::{Value, json};

use crate::helpers::Client;
use crate::helpers::identities::OidcDouble;

/// The account's events, the first one first, as their types and providers.
async fn events(client: &Client) -> Vec<(String, Value)> {
    let answer = client.get("/api/users/me/events").await.ok().json();
    let events = answer["events"].as_array().unwrap().iter().rev();
    let shown = |event: &Value| {
        (
            event["type"].as_str().unwrap().to_owned(),
            event["data"]["provider"].clone(),
        )
    };
    events.map(shown).collect()
}

fn at_sso(kind: &str) -> (String, Value) {
    (kind.to_owned(), json!("sso"))
}

fn plain(kind: &str) -> (String, Value) {
    (kind.to_owned(), Value::Null)
}

#[tokio::test]
async fn an_account_that_an_identity_makes_records_that_and_each_log_in() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let first = app.client();
    first.log_in_at("sso", &double).await;
    let again = app.client();
    again.log_in_at("sso", &double).await;
    assert_eq!(
        events(&again).await,
        [
            at_sso("sign_up"),
            at_sso("identity_linked"),
            plain("log_in"),
            plain("log_in")
        ]
    );
}

#[tokio::test]
async fn a_proof_by_a_provider_is_recorded() {
    let double = OidcDouble::start();
    let app = double.app().await;
    app.user("jane").await;
    let owner = app.client();
    owner.log_in_at("sso", &double).await;
    assert_eq!(
        events(&owner).await,
        [
            plain("sign_up"),
            at_sso("email_verified"),
            at_sso("identity_linked"),
            plain("log_in")
        ]
    );
}

#[tokio::test]
async fn linking_and_removing_are_recorded_once_and_in_their_session() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    let session = alice.session_id().await;
    alice.link_at("sso", &double).await;
    alice.link_at("sso", &double).await;
    let id = alice.identities().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/auth/identities/{id}");
    alice.delete(&path).await.assert_status(204);
    alice.delete(&path).await.fails(404, "not_found");
    assert_eq!(
        events(&alice).await,
        [plain("sign_up"), at_sso("identity_linked"), at_sso("identity_removed")]
    );
    let listed = alice.get("/api/users/me/events").await.ok().json();
    assert_eq!(listed["events"][0]["session_id"], session);
    assert_eq!(listed["events"][1]["session_id"], session);
}

#[tokio::test]
async fn a_callback_that_comes_to_nothing_records_nothing() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let jane = app.verified_user("jane").await;
    let before = events(&jane).await;
    assert_eq!(
        app.client().log_in_at("sso", &double).await,
        "/log-in?error=email_taken"
    );
    assert_eq!(events(&jane).await, before);
}
