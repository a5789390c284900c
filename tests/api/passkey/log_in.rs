//! `POST /api/auth/webauthn/authenticate`.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::authenticator::{BACKED_UP, BACKUP_ELIGIBLE, Passkey, USER_PRESENT, USER_VERIFIED};
use crate::helpers::{ALICE, PASSWORD, TestApp, at_once};

#[tokio::test]
async fn a_passkey_logs_in_without_a_user_name_and_shows_in_the_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let passkey = alice.add_passkey().await;
    assert_eq!(alice.session().await["user"].get("webauthn"), None);
    let client = app.client();
    let body = client.log_in_by_passkey(&passkey).await.ok().json();
    assert_eq!(body["verified"], true);
    assert_eq!(body["user"]["primary_email"], ALICE);
    assert_eq!(body["user"]["webauthn"], true);
    assert!(body["loggedInAt"].is_string());
    let session = client.session().await;
    assert_eq!(session["user"]["webauthn"], true);
    assert_eq!(session["amr"], json!(["mfa", "hwk"]));
    assert_eq!(
        client.get("/api/_auth/session").await.ok().json()["user"]["webauthn"],
        true
    );
    assert!(alice.passkeys().await[0]["last_used_at"].is_string());
}

#[tokio::test]
async fn a_synced_passkey_is_a_software_key() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let begun = alice.begin_passkey().await.ok().json();
    let mut passkey = Passkey::new(&begun["creationOptions"]);
    passkey.ceremony.flags = USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE;
    alice
        .finish_passkey(&begun, &passkey.attestation(&begun["creationOptions"]))
        .await
        .ok();
    passkey.ceremony.flags |= BACKED_UP;
    let client = app.client();
    client.log_in_by_passkey(&passkey).await.ok();
    assert_eq!(client.session().await["amr"], json!(["mfa", "swk"]));
    assert_eq!(client.passkeys().await[0]["backed_up"], true);
}

#[tokio::test]
async fn the_options_are_the_same_for_every_user_name_and_store_nothing() {
    let app = TestApp::new().await;
    app.user("alice").await.add_passkey().await;
    let before = app.count("SELECT COUNT(*) FROM spent_challenges").await;
    for name in [json!(ALICE), json!("unknown@example.com"), json!(null)] {
        let body = json!({ "userName": name, "verify": false });
        let begun = app
            .client()
            .post("/api/auth/webauthn/authenticate", &body)
            .await
            .ok()
            .json();
        let mut options = begun["requestOptions"].clone();
        options.as_object_mut().unwrap().remove("challenge").unwrap();
        assert_eq!(
            options,
            json!({ "timeout": 300_000, "rpId": "localhost", "allowCredentials": [], "userVerification": "required" })
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, before);
}

#[tokio::test]
async fn hostile_assertions_are_refused_before_any_write() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let mut passkey = alice.add_passkey().await;
    let bob = app.user("bob").await.add_passkey().await;
    let stored = (
        app.database.sessions().await,
        app.count("SELECT COUNT(*) FROM spent_challenges").await,
    );
    let changes: [fn(&mut Passkey); 8] = [
        |passkey| passkey.ceremony.flags = USER_PRESENT,
        |passkey| passkey.ceremony.flags = USER_VERIFIED,
        |passkey| passkey.ceremony.flags |= BACKUP_ELIGIBLE,
        |passkey| passkey.ceremony.rp_id = "example.com".to_owned(),
        |passkey| passkey.ceremony.origin = "https://localhost.evil.example".to_owned(),
        |passkey| passkey.ceremony.origin = "http://evil-localhost:8080".to_owned(),
        |passkey| passkey.user_handle = vec![7; 16],
        |passkey| passkey.user_handle.clear(),
    ];
    let (ceremony, handle) = (passkey.ceremony.clone(), passkey.user_handle.clone());
    for change in changes {
        change(&mut passkey);
        let answer = app.client().log_in_by_passkey(&passkey).await;
        answer.fails(400, "passkey_not_accepted");
        (passkey.ceremony, passkey.user_handle) = (ceremony.clone(), handle.clone());
    }
    // The credential of one account with the key, and so the signature, of another.
    let id = std::mem::replace(&mut passkey.id, bob.id.clone());
    passkey.user_handle = bob.user_handle.clone();
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(400, "passkey_not_accepted");
    // The handle of another account decides nothing.
    passkey.id = id;
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(400, "passkey_not_accepted");
    // An unknown credential.
    passkey.id = vec![9; 16];
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(401, "invalid_credentials");
    let now = (
        app.database.sessions().await,
        app.count("SELECT COUNT(*) FROM spent_challenges").await,
    );
    assert_eq!(now, stored);
}

#[tokio::test]
async fn an_answer_works_once_and_for_ten_minutes() {
    let app = TestApp::new().await;
    let passkey = app.user("alice").await.add_passkey().await;
    let client = app.client();
    let begun = client.begin_passkey_log_in().await;
    let assertion = passkey.assertion(&begun["requestOptions"]);
    client.finish_passkey_log_in(&begun, &assertion).await.ok();
    for again in [client.clone(), app.client()] {
        let answer = again.finish_passkey_log_in(&begun, &assertion).await;
        answer.fails(400, "challenge_expired");
    }
    // An answer to one challenge is none to another.
    let other = client.begin_passkey_log_in().await;
    let answer = app.client().finish_passkey_log_in(&other, &assertion).await;
    answer.fails(400, "passkey_not_accepted");
    app.clock.advance(TimeDelta::minutes(10));
    let assertion = passkey.assertion(&other["requestOptions"]);
    let answer = app.client().finish_passkey_log_in(&other, &assertion).await;
    answer.fails(400, "challenge_expired");
}

#[tokio::test]
async fn fifty_uses_of_one_answer_at_once_give_one_session() {
    let app = TestApp::new().await;
    let passkey = app.user("alice").await.add_passkey().await;
    let before = app.database.sessions().await;
    let begun = app.client().begin_passkey_log_in().await;
    let assertion = passkey.assertion(&begun["requestOptions"]);
    let answers = at_once(50, |_| {
        let (client, begun, assertion) = (app.client(), begun.clone(), assertion.clone());
        async move { client.finish_passkey_log_in(&begun, &assertion).await }
    })
    .await;
    let started = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(started, 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.fails(400, "challenge_expired");
    }
    assert_eq!(app.database.sessions().await, before + 1);
}

#[tokio::test]
async fn a_use_while_signed_in_is_a_fresh_proof_of_the_same_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let passkey = alice.add_passkey().await;
    app.clock.advance(TimeDelta::hours(1));
    alice.begin_passkey().await.fails(403, "reauthentication_required");
    let (secret, before) = (alice.secret(), alice.session().await);
    let sessions = app.database.sessions().await;
    alice.log_in_by_passkey(&passkey).await.ok();
    let after = alice.session().await;
    assert_ne!(alice.secret(), secret);
    assert_eq!(app.database.sessions().await, sessions);
    assert_eq!(after["loggedInAt"], before["loggedInAt"]);
    assert_ne!(after["authenticated_at"], before["authenticated_at"]);
    assert_eq!(after["amr"], json!(["pwd", "mfa", "hwk"]));
    alice.begin_passkey().await.ok();

    // In the browser of another account it is a log-in.
    let bob = app.user("bob").await;
    bob.log_in_by_passkey(&passkey).await.ok();
    assert_eq!(bob.shown_email().await, ALICE);
}

#[tokio::test]
async fn a_passkey_passes_the_gate_of_a_second_factor_and_not_that_of_a_disabled_account() {
    let app = TestApp::new().await;
    let passkey = app.user("alice").await.add_passkey().await;
    app.execute("UPDATE users SET second_factor_at = created_at").await;
    app.log_in(ALICE, PASSWORD).await.fails(401, "second_factor_required");
    let client = app.client();
    client.log_in_by_passkey(&passkey).await.ok();
    // The passkey is a fresh second factor for what asks for one.
    client.begin_passkey().await.ok();
    app.execute("UPDATE users SET disabled_at = created_at").await;
    let before = app.count("SELECT COUNT(*) FROM spent_challenges").await;
    app.client()
        .log_in_by_passkey(&passkey)
        .await
        .fails(403, "account_disabled");
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, before);
}

#[tokio::test]
async fn a_counter_that_does_not_grow_is_refused_and_mailed() {
    let app = TestApp::new().await;
    let mut passkey = app.user("alice").await.add_passkey().await;
    for (sent, status) in [
        (0, 200),
        (5, 200),
        (6, 200),
        (6, 400),
        (3, 400),
        (7, 200),
        (0, 200),
        (1, 200),
    ] {
        passkey.ceremony.sign_count = sent;
        app.client().log_in_by_passkey(&passkey).await.assert_status(status);
    }
    let mails = app.mails().await;
    let refused = mails
        .iter()
        .filter(|mail| mail.subject == "A log-in with a passkey was refused");
    assert_eq!(refused.count(), 2);
}

#[tokio::test]
async fn spent_challenges_are_deleted_once_they_have_expired() {
    let app = TestApp::new().await;
    let passkey = app.user("alice").await.add_passkey().await;
    app.client().log_in_by_passkey(&passkey).await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, 2);
    app.clock.advance(TimeDelta::minutes(9));
    neptun_auth::flows::worker::purge_expired::purge_expired(&app.app)
        .await
        .unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, 2);
    app.clock.advance(TimeDelta::minutes(1));
    neptun_auth::flows::worker::purge_expired::purge_expired(&app.app)
        .await
        .unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM spent_challenges").await, 0);
}
