//! The contract of `tower-sessions`' store: what keeps an ended session ended and a living one unharmed.

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
    let cookie = client.cookie().unwrap();
    cookie.split_once('=').unwrap().1.parse::<SessionSecret>().unwrap().id()
}

#[tokio::test]
async fn a_visitors_session_remembers_until_it_ends() {
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
    let client = app.signed_up("user@example.com").await;
    let store = &app.app.sessions;
    let in_use = store.load(&id_of(&client)).await.unwrap().unwrap();
    let thief = client.copy();
    client.log_out().await.assert_status(200);
    assert!(store.save(&in_use).await.is_err());
    assert_eq!(thief.session_status().await, 401);
    assert_eq!(app.database.sessions().await, 0);
    assert!(
        store.save(&record(Id(7))).await.is_err(),
        "nor does it adopt an id that nobody was given"
    );
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn data_saved_into_a_session_never_moves_it_to_another_account() {
    let app = TestApp::new().await;
    let victim = app.signed_up("victim@example.com").await;
    let attacker = app.signed_up("attacker@example.com").await;
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
    // An instance that remembers no session reads this one from its row.
    let afresh = app.instance(setup(&app.database.url, app.clock.clone())).await;
    afresh.set_cookie(attacker.cookie());
    for client in [&attacker, &afresh] {
        let session = client.get("/api/auth/session").await.json();
        assert_eq!(session["user"]["primary_email"], "attacker@example.com");
    }
}

#[tokio::test]
async fn deleting_ends_the_session_for_every_copy_of_its_cookie() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.app.sessions.delete(&id_of(&client)).await.unwrap();
    assert_eq!(client.session_status().await, 401);
    app.app.sessions.delete(&id_of(&client)).await.unwrap();
}
