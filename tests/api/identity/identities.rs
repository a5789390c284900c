//! The identities of an account: listed, linked, removed.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::{PASSWORD, TestUser, strict_client};

fn identity_of(user: &TestUser, identities: &[serde_json::Value]) -> String {
    let id = identities[0]["id"].as_str().unwrap();
    assert!(!user.email.is_empty());
    format!("/api/auth/identities/{id}")
}

#[tokio::test]
async fn linking_and_removing_need_a_fresh_proof() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    alice.link_at("sso", &double).await;
    let path = identity_of(&alice, &alice.identities().await);
    app.clock.advance(TimeDelta::minutes(10));
    alice.link("sso").await.fails(403, "reauthentication_required");
    let refused = alice.delete(&path).await;
    refused.fails(403, "reauthentication_required");
    assert_eq!(refused.json()["data"]["methods"], json!(["password"]));
    alice.log_in().await.ok();
    alice.delete(&path).await.assert_status(204);
    assert!(alice.identities().await.is_empty());
    let mail = app.mail_to(&alice.email).await;
    assert_eq!(mail.subject, "A log-in was removed from your account");
}

/// Its owner removes the account of a thief at the provider, between the thief's two factors.
#[tokio::test]
async fn a_removed_identity_finishes_no_log_in() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    assert_eq!(alice.link_at("sso", &double).await, "/dashboard");
    let authenticator = alice.enrol(&app).await;
    let (thief, owner) = (app.client(), app.client());
    for half in [&thief, &owner] {
        assert_eq!(
            half.log_in_at("sso", &double).await,
            "/log-in?error=second_factor_required"
        );
    }
    owner.finish_log_in(&authenticator.next_code()).await.ok();
    let path = identity_of(&alice, &alice.identities().await);
    alice.delete(&path).await.assert_status(204);
    thief
        .finish_log_in(&authenticator.next_code())
        .await
        .fails(401, "not_authenticated");
    assert!(!thief.is_signed_in().await);
    assert!(owner.is_signed_in().await);
}

#[tokio::test]
async fn the_last_way_into_an_account_is_not_removed() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    client.log_in_at("sso", &double).await;
    client.prove_by_mail(&app, "jane@example.com").await;
    let first = client.identities().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/auth/identities/{first}");
    client.delete(&path).await.fails(409, "last_credential");
    assert_eq!(client.identities().await.len(), 1);
    double.says(Said::account("subject-2", "work@example.com", true));
    assert_eq!(client.link_at("sso", &double).await, "/dashboard");
    client.delete(&path).await.assert_status(204);
    assert_eq!(client.identities().await.len(), 1);
}

#[tokio::test]
async fn identities_of_others_are_neither_seen_nor_removed() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.link_at("sso", &double).await;
    let path = identity_of(&alice, &alice.identities().await);
    assert!(bob.identities().await.is_empty());
    bob.delete(&path).await.fails(404, "not_found");
    for path in [
        "/api/auth/identities/sso",
        "/api/auth/identities/00000000-0000-0000-0000-000000000000",
    ] {
        bob.delete(path).await.fails(404, "not_found");
    }
    bob.link("unknown").await.fails(404, "not_found");
    assert_eq!(alice.identities().await.len(), 1);
    let visitor = app.client();
    visitor.link("sso").await.fails(401, "not_authenticated");
    visitor.delete(&path).await.fails(401, "not_authenticated");
    visitor
        .get("/api/auth/identities")
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn an_identity_is_linked_to_the_session_that_asked_and_to_no_other() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let url = alice.link("sso").await.ok().json()["url"].as_str().unwrap().to_owned();
    let callback = double.callback(&url);
    // Another account is signed in by now, in the same browser.
    bob.set_ceremony(alice.ceremony());
    assert_eq!(bob.set_out(&callback).await, "/log-in?error=state_mismatch");
    let ceremony = alice.ceremony();
    alice.log_out().await.ok();
    let visitor = app.client();
    visitor.set_ceremony(ceremony);
    assert_eq!(visitor.set_out(&callback).await, "/log-in?error=state_mismatch");
    assert!(bob.identities().await.is_empty());
    alice.log_in().await.ok();
    assert!(alice.identities().await.is_empty());
}

/// The same live session begins and ends a link: the ceremony's cookie alone is no credential for a way in, neither in
/// another browser nor planted in one that is signed out.
#[tokio::test]
async fn a_link_without_the_session_that_began_it_is_refused() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    let url = alice.link("sso").await.ok().json()["url"].as_str().unwrap().to_owned();
    let callback = double.callback(&url);
    let elsewhere = app.client();
    elsewhere.set_ceremony(alice.ceremony());
    assert_eq!(elsewhere.set_out(&callback).await, "/log-in?error=state_mismatch");
    // Nor does another session of the same account.
    elsewhere.log_in(&alice.email, PASSWORD).await.ok();
    elsewhere.set_ceremony(alice.ceremony());
    assert_eq!(elsewhere.set_out(&callback).await, "/log-in?error=state_mismatch");
    assert!(alice.identities().await.is_empty());
    assert_eq!(alice.set_out(&callback).await, "/dashboard");
    assert_eq!(alice.identities().await.len(), 1);
}

/// Browsers send no `SameSite=Strict` cookie with a callback.
#[tokio::test]
async fn an_identity_is_linked_without_the_session_cookie_where_that_is_strict() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    let url = alice.link("sso").await.ok().json()["url"].as_str().unwrap().to_owned();
    let strict = strict_client(&app.app);
    strict.set_ceremony(alice.ceremony());
    assert_eq!(strict.set_out(&double.callback(&url)).await, "/dashboard");
    assert!(!strict.is_signed_in().await);
    assert_eq!(alice.identities().await.len(), 1);
}

/// The proof at the start counts for the ten minutes of the walk, but not after the account got a second factor.
#[tokio::test]
async fn a_link_ends_with_the_proof_that_the_account_asks_for_by_then() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(9));
    let url = alice.link("sso").await.ok().json()["url"].as_str().unwrap().to_owned();
    app.clock.advance(TimeDelta::minutes(9));
    double.says(Said {
        now: app.clock.now().timestamp(),
        ..Said::default()
    });
    let callback = double.callback(&url);
    let ceremony = alice.ceremony();
    app.execute("UPDATE users SET second_factor_at = created_at").await;
    assert_eq!(alice.set_out(&callback).await, "/log-in?error=state_mismatch");
    app.execute("UPDATE users SET second_factor_at = NULL").await;
    alice.set_ceremony(ceremony);
    assert_eq!(alice.set_out(&callback).await, "/dashboard");
}

#[tokio::test]
async fn a_page_to_return_to_after_linking_must_be_ours() {
    let app = OidcDouble::start().app().await;
    let alice = app.user("alice").await;
    let answer = alice
        .post(
            "/api/auth/identities/sso",
            &json!({ "return_to": "https://evil.example" }),
        )
        .await;
    assert_eq!(answer.issues(), ["return_to: invalid_choice"]);
    let answer = alice.post("/api/auth/identities/sso", &json!({ "return_to": 7 })).await;
    assert_eq!(answer.issues(), ["return_to: invalid_type"]);
}

#[tokio::test]
async fn an_account_has_at_most_twenty_identities() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    for number in 0..20 {
        double.says(Said::account(&number.to_string(), "work@example.com", true));
        assert_eq!(alice.link_at("sso", &double).await, "/dashboard");
    }
    alice.link("sso").await.fails(409, "already_set_up");
    assert_eq!(alice.identities().await.len(), 20);
}

#[tokio::test]
async fn identities_are_exported_and_deleted_with_the_account() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    alice.link_at("sso", &double).await;
    let exported = alice.export().await.ok().json();
    assert_eq!(exported["identities"][0]["provider"], "sso");
    assert_eq!(exported["identities"][0]["subject"], "subject-1");
    alice.delete_account().await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM identities").await, 0);
    app.client().log_in_at("sso", &double).await;
    app.log_in(&alice.email, PASSWORD)
        .await
        .fails(401, "invalid_credentials");
}
