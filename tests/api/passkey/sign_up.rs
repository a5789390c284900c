//! `POST /api/auth/webauthn/register` without a session, where passkeys make accounts.

use neptun_auth::model::user::sign_ups::SignUps;
use serde_json::{Value, json};

use crate::helpers::authenticator::Passkey;
use crate::helpers::{ALICE, Answer, Client, PASSWORD, TestApp, at_once};

async fn app() -> TestApp {
    TestApp::with_setup(|setup| setup.log_in.sign_up_by_passkey = true).await
}

async fn begin(client: &Client, email: &str) -> Answer {
    let body = json!({ "user": { "userName": email, "displayName": "Alice" }, "verify": false });
    client.post("/api/auth/webauthn/register", &body).await
}

/// The passkey that a browser makes for the options, and what it says about it.
fn make(begun: &Value) -> (Passkey, Value) {
    let passkey = Passkey::new(&begun["creationOptions"]);
    let attestation = passkey.attestation(&begun["creationOptions"]);
    (passkey, attestation)
}

#[tokio::test]
async fn it_is_off_at_first() {
    let app = TestApp::new().await;
    begin(&app.client(), ALICE).await.fails(401, "not_authenticated");
}

#[tokio::test]
async fn a_passkey_makes_an_account_without_a_password() {
    let app = app().await;
    let client = app.client();
    let begun = begin(&client, "Alice@example.com").await.ok().json();
    assert_eq!(begun["creationOptions"]["user"]["name"], "Alice@example.com");
    assert_eq!(begun["creationOptions"]["user"]["displayName"], "Alice");
    assert_eq!(app.database.users().await, 0);
    let (passkey, attestation) = make(&begun);
    let made = client.finish_passkey(&begun, &attestation).await.ok().json();
    assert_eq!(made["verified"], true);
    assert_eq!(made["user"]["primary_email"], "Alice@example.com");
    assert_eq!(made["user"]["webauthn"], true);
    assert_eq!(made["passkey"]["id"], client.passkeys().await[0]["id"]);
    let session = client.session().await;
    assert_eq!(
        (&session["email_verified"], &session["amr"]),
        (&json!(false), &json!(["mfa", "hwk"]))
    );
    assert_eq!(app.mails().await.len(), 0);

    let elsewhere = app.client();
    elsewhere.log_in_by_passkey(&passkey).await.ok();
    assert_eq!(elsewhere.session().await["user"]["id"], made["user"]["id"]);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    let events = client.get("/api/users/me/events").await.ok().json();
    let types: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert_eq!(types, ["log_in", "log_in", "passkey_added", "sign_up"]);
}

#[tokio::test]
async fn an_address_that_has_an_account_is_refused_before_and_after_the_ceremony() {
    let app = app().await;
    let client = app.client();
    let begun = begin(&client, ALICE).await.ok().json();
    let alice = app.user("alice").await;
    begin(&client, "ALICE@example.com").await.fails(409, "email_taken");
    let (passkey, attestation) = make(&begun);
    let late = client.finish_passkey(&begun, &attestation).await;
    late.fails(409, "email_taken");
    client
        .log_in_by_passkey(&passkey)
        .await
        .fails(401, "invalid_credentials");
    assert_eq!(alice.passkeys().await.len(), 0);
}

#[tokio::test]
async fn the_rules_for_new_accounts_hold() {
    let app = TestApp::with_setup(|setup| {
        setup.log_in.sign_up_by_passkey = true;
        setup.log_in.sign_ups = SignUps::Domains(vec!["example.org".to_owned()]);
    })
    .await;
    let client = app.client();
    begin(&client, ALICE).await.fails(403, "sign_up_closed");
    begin(&client, "alice@example.org").await.ok();
    assert_eq!(
        begin(&client, "no address").await.issues(),
        ["user.userName: invalid_email"]
    );
    let empty = client.post("/api/auth/webauthn/register", &json!({})).await;
    assert_eq!(empty.issues(), ["user: required"]);
}

#[tokio::test]
async fn of_fifty_parallel_uses_of_one_attempt_one_makes_an_account() {
    let app = app().await;
    let begun = begin(&app.client(), ALICE).await.ok().json();
    let (_, attestation) = make(&begun);
    let answers = at_once(50, |_| {
        let (client, begun, attestation) = (app.client(), begun.clone(), attestation.clone());
        async move { client.finish_passkey(&begun, &attestation).await.status.as_u16() }
    })
    .await;
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    assert!(
        answers.iter().all(|status| [200, 400, 409].contains(status)),
        "{answers:?}"
    );
    assert_eq!((app.database.users().await, app.database.sessions().await), (1, 1));
}

/// Attempts of one kind are useless for another.
#[tokio::test]
async fn an_attempt_for_a_new_account_adds_no_passkey_to_another_one() {
    let app = app().await;
    let begun = begin(&app.client(), ALICE).await.ok().json();
    let (_, attestation) = make(&begun);
    let bob = app.user("bob").await;
    bob.finish_passkey(&begun, &attestation)
        .await
        .fails(400, "challenge_expired");
    let own = bob.begin_passkey().await.ok().json();
    let (_, attestation) = make(&own);
    app.client()
        .finish_passkey(&own, &attestation)
        .await
        .fails(400, "challenge_expired");
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
}

/// The address is that of another person, who proves it later.
#[tokio::test]
async fn the_first_proof_of_the_address_ends_what_the_passkey_opened() {
    let app = app().await;
    let squatter = app.client();
    let begun = begin(&squatter, ALICE).await.ok().json();
    let (passkey, attestation) = make(&begun);
    squatter.finish_passkey(&begun, &attestation).await.ok();
    let owner = app.client();
    owner.ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    owner.reset_password(ALICE, &code, PASSWORD).await.ok();
    assert!(!squatter.is_signed_in().await);
    squatter
        .log_in_by_passkey(&passkey)
        .await
        .fails(401, "invalid_credentials");
    owner.log_in(ALICE, PASSWORD).await.ok();
}
