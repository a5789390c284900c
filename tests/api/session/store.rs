//! The contract of `tower-sessions`' store: an ended session stays ended, and saving never changes its account.

use std::collections::HashMap;

use chrono::TimeDelta;
use neptun_auth::model::session::secret::SessionSecret;
use serde_json::json;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

use crate::helpers::{Client, TestApp, setup};

fn record(id: Id) -> Record {
    let data = HashMap::from([("ceremony".to_owned(), json!("challenge"))]);
    Record {
        id,
        data,
        expiry_date: OffsetDateTime::now_utc(),
    }
}

/// The id in a signed-in client's cookie.
fn id_of(client: &Client) -> Id {
    client.secret().parse::<SessionSecret>().unwrap().id()
}

#[tokio::test]
async fn a_session_without_an_account_keeps_its_data_until_it_expires() {
    let app = TestApp::new().await;
    let store = &app.app.sessions;
    let mut visitor = record(Id(1));
    store.create(&mut visitor).await.unwrap();
    assert_ne!(visitor.id, Id(1), "the store chooses the id, never the caller");
    visitor.data.insert("ceremony".to_owned(), json!("answered"));
    store.save(&visitor).await.unwrap();
    let loaded = store.load(&visitor.id).await.unwrap().unwrap();
    assert_eq!(loaded.data, visitor.data);

    app.clock.advance(TimeDelta::days(7));
    assert!(store.load(&visitor.id).await.unwrap().is_none());
    assert!(store.save(&visitor).await.is_err());
}

#[tokio::test]
async fn saving_never_brings_back_a_session_that_has_ended() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let store = &app.app.sessions;
    let in_use = store.load(&id_of(&alice)).await.unwrap().unwrap();
    let thief = alice.copy();
    alice.log_out().await.ok();
    assert!(store.save(&in_use).await.is_err());
    assert!(!thief.is_signed_in().await);
    assert_eq!(app.database.sessions().await, 0);
    // Nor does it adopt an id that the store has not made.
    assert!(store.save(&record(Id(7))).await.is_err());
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn saving_cannot_move_a_session_to_another_account() {
    let app = TestApp::new().await;
    let victim = app.user("victim").await;
    let attacker = app.user("attacker").await;
    let theirs = victim.get("/api/auth/session").await.json();
    let store = &app.app.sessions;
    let mut own = store.load(&id_of(&attacker)).await.unwrap().unwrap();
    let claims = [
        ("signed_in", theirs.clone()),
        ("user", theirs["user"].clone()),
        ("user_id", theirs["user"]["id"].clone()),
    ];
    own.data.extend(claims.map(|(key, value)| (key.to_owned(), value)));
    store.save(&own).await.unwrap();
    assert_eq!(store.load(&own.id).await.unwrap().unwrap().data, own.data);
    assert_eq!(attacker.shown_email().await, attacker.email);
    // An instance that remembers no session reads this one from its row.
    let fresh = app.instance(setup(&app.database.url, app.clock.clone())).await;
    fresh.set_cookie(attacker.cookie());
    let session = fresh.get("/api/auth/session").await.json();
    assert_eq!(session["user"]["primary_email"], attacker.email);
}

#[tokio::test]
async fn deleting_ends_the_session_for_every_copy_of_its_cookie() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.app.sessions.delete(&id_of(&alice)).await.unwrap();
    assert!(!alice.is_signed_in().await);
    app.app.sessions.delete(&id_of(&alice)).await.unwrap();
}
