//! `POST /api/auth/webauthn/register`.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::authenticator::{BACKED_UP, BACKUP_ELIGIBLE, Passkey, USER_PRESENT, USER_VERIFIED, second_step};
use crate::helpers::{ALICE, TestApp, TestUser};

const PATH: &str = "/api/auth/webauthn/register";

/// A passkey for `user`, its attestation changed by `change`, and the answer to it.
async fn register(user: &TestUser, change: impl FnOnce(&mut Passkey)) -> crate::helpers::Answer {
    let begun = user.begin_passkey().await.ok().json();
    let mut passkey = Passkey::new(&begun["creationOptions"]);
    change(&mut passkey);
    let attestation = passkey.attestation(&begun["creationOptions"]);
    user.finish_passkey(&begun, &attestation).await
}

#[tokio::test]
async fn the_options_ask_for_a_discoverable_passkey_with_user_verification() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let body = json!({ "user": { "userName": "Alice@Example.com", "displayName": "Alice" }, "verify": false });
    let begun = alice.post(PATH, &body).await.ok().json();
    let mut options = begun["creationOptions"].clone();
    for random in ["challenge", "user"] {
        options.as_object_mut().unwrap().remove(random).unwrap();
    }
    assert_eq!(
        options,
        json!({
            "rp": { "id": "localhost", "name": "Example" },
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -8 },
                { "type": "public-key", "alg": -7 },
                { "type": "public-key", "alg": -257 },
            ],
            "timeout": 300_000,
            "excludeCredentials": [],
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "attestation": "none",
            "extensions": { "credProps": true },
        })
    );
    assert_eq!(begun["creationOptions"]["user"]["name"], ALICE);
    assert_eq!(begun["creationOptions"]["user"]["displayName"], "Alice");
    assert_eq!(begun.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_passkey_is_added_and_the_session_gets_a_new_secret() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let before = alice.secret();
    let answer = register(&alice, |passkey| {
        passkey.ceremony.flags = USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP;
    })
    .await;
    let body = answer.ok().json();
    assert_eq!(body["verified"], true);
    assert_eq!(body["user"]["primary_email"], ALICE);
    assert_eq!(body["passkey"]["name"], "Passkey");
    assert_ne!(alice.secret(), before);
    assert!(alice.is_signed_in().await);
    let listed = alice.passkeys().await;
    assert_eq!(listed[0]["id"], body["passkey"]["id"]);
    assert_eq!(listed[0]["backed_up"], true);
    assert_eq!(listed[0]["transports"], json!(["hybrid", "internal"]));
    assert_eq!(app.mail_to(ALICE).await.subject, "A passkey was added");
    let begun = alice.begin_passkey().await.ok().json();
    assert_eq!(
        begun["creationOptions"]["excludeCredentials"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn nobody_adds_a_passkey_without_a_session_or_to_another_account() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let body = json!({ "user": { "userName": ALICE }, "verify": false });
    app.client().post(PATH, &body).await.fails(401, "not_authenticated");
    let mallory = app.user("mallory").await;
    let answer = mallory.post(PATH, &body).await;
    assert_eq!(answer.issues(), ["user.userName: mismatch"]);

    // An attempt of one account, session or client can't be finished by another.
    let begun = alice.begin_passkey().await.ok().json();
    let passkey = Passkey::new(&begun["creationOptions"]);
    let attestation = passkey.attestation(&begun["creationOptions"]);
    for other in [mallory.browser.clone(), alice.elsewhere().await.browser] {
        let answer = other.finish_passkey(&begun, &attestation).await;
        answer.fails(400, "challenge_expired");
    }
    let stranger = app.client().finish_passkey(&begun, &attestation).await;
    stranger.fails(401, "not_authenticated");
    alice.finish_passkey(&begun, &attestation).await.ok();
}

#[tokio::test]
async fn adding_a_passkey_needs_a_fresh_proof() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(11));
    let refused = alice.begin_passkey().await;
    refused.fails(403, "reauthentication_required");
    assert_eq!(refused.json()["data"]["methods"], json!(["password"]));
    alice.log_in().await.ok();
    let begun = alice.begin_passkey().await.ok().json();
    // The attempt holds the proof, so that a slow authenticator leaves no useless passkey behind.
    app.clock.advance(TimeDelta::minutes(9));
    let attestation = Passkey::new(&begun["creationOptions"]).attestation(&begun["creationOptions"]);
    alice.finish_passkey(&begun, &attestation).await.ok();
}

#[tokio::test]
async fn an_attempt_expires_and_works_once_in_its_own_ceremony() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let begun = alice.begin_passkey().await.ok().json();
    let attestation = Passkey::new(&begun["creationOptions"]).attestation(&begun["creationOptions"]);
    let used = alice.browser.another();
    let crossed = used
        .finish_passkey_log_in(&begun, &Passkey::new(&begun["creationOptions"]).assertion(&begun))
        .await;
    crossed.fails(400, "challenge_expired");
    app.clock.advance(TimeDelta::minutes(10));
    alice
        .finish_passkey(&begun, &attestation)
        .await
        .fails(400, "challenge_expired");

    let log_in = alice.begin_passkey_log_in().await;
    let crossed = json!({ "attemptId": log_in["attemptId"], "response": attestation, "verify": true });
    alice.post(PATH, &crossed).await.fails(400, "challenge_expired");
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
}

#[tokio::test]
async fn hostile_attestations_are_refused_and_store_nothing() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let changes: [fn(&mut Passkey); 9] = [
        |passkey| passkey.ceremony.flags = USER_PRESENT,
        |passkey| passkey.ceremony.flags = USER_VERIFIED,
        |passkey| passkey.ceremony.flags |= BACKED_UP,
        |passkey| passkey.ceremony.rp_id = "example.com".to_owned(),
        |passkey| passkey.ceremony.origin = "http://evil-localhost:8080".to_owned(),
        |passkey| passkey.ceremony.origin = "http://localhost.evil.example".to_owned(),
        |passkey| passkey.ceremony.origin = "http://127.0.0.1:8080".to_owned(),
        |passkey| passkey.ceremony.origin = "null".to_owned(),
        |passkey| passkey.id = Vec::new(),
    ];
    for change in changes {
        register(&alice, change).await.fails(400, "passkey_not_accepted");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, 0);
    assert_eq!(app.mails().await.len(), 0);
}

#[tokio::test]
async fn a_credential_belongs_to_one_account() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let passkey = alice.add_passkey().await;
    let bob = app.user("bob").await;
    let answer = register(&bob, |copy| copy.id = passkey.id.clone()).await;
    answer.fails(409, "already_set_up");
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, 1);
}

#[tokio::test]
async fn an_account_has_at_most_twenty_passkeys() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let begun = alice.begin_passkey().await.ok().json();
    let late = Passkey::new(&begun["creationOptions"]).attestation(&begun["creationOptions"]);
    let copy = alice.copy();
    for _ in 0..20 {
        alice.add_passkey().await;
    }
    alice.begin_passkey().await.fails(409, "already_set_up");
    // The session has another id by now, so this attempt is none of its own.
    copy.finish_passkey(&begun, &late).await.fails(401, "not_authenticated");
    assert_eq!(alice.passkeys().await.len(), 20);
}

#[tokio::test]
async fn malformed_requests_list_their_issues() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for (body, issues) in [
        (json!({ "verify": "yes" }), &["verify: invalid_type"][..]),
        (
            json!({ "verify": true }),
            &["attemptId: required", "response: required"],
        ),
        (
            json!({ "verify": true, "attemptId": "x", "response": { "id": "a+/=", "response": [] } }),
            &["response.id: invalid_characters", "response.response: invalid_type"],
        ),
        (
            json!({ "verify": true, "attemptId": "x", "response": { "id": "YQ", "response": {} } }),
            &[
                "response.response.clientDataJSON: required",
                "response.response.attestationObject: required",
            ],
        ),
        (json!({ "user": 1 }), &["user: invalid_type"]),
    ] {
        assert_eq!(alice.post(PATH, &body).await.issues(), issues, "{body}");
    }
}

#[tokio::test]
async fn the_default_paths_of_nuxt_auth_utils_are_the_same_operations() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let request = json!({ "user": { "userName": ALICE }, "verify": false });
    let begun = alice.post("/api/webauthn/register", &request).await.ok().json();
    let passkey = Passkey::new(&begun["creationOptions"]);
    let finish = second_step(&begun, &passkey.attestation(&begun["creationOptions"]));
    alice.post("/api/webauthn/register/", &finish).await.ok();

    let client = app.client();
    let begun = client
        .post(
            "/api/webauthn/authenticate",
            &json!({ "verify": false, "userName": ALICE }),
        )
        .await;
    let begun = begun.ok().json();
    let finish = second_step(&begun, &passkey.assertion(&begun["requestOptions"]));
    client.post("/api/webauthn/authenticate", &finish).await.ok();
    assert!(client.is_signed_in().await);
}

#[tokio::test]
async fn a_service_without_a_domain_has_no_passkeys() {
    let app = TestApp::with_setup(|setup| setup.passkeys.relying_party = None).await;
    let alice = app.user("alice").await;
    alice.begin_passkey().await.fails(404, "not_found");
    let begin = alice.post("/api/auth/webauthn/authenticate", &json!({})).await;
    begin.fails(404, "not_found");
}
