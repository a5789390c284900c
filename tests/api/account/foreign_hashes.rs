//! Accounts with hashes that another system made.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::helpers::{ALICE, PASSWORD, TestApp, at_once};

/// PBKDF2 with a million iterations, as Django makes it: some twenty times the work of a hash of ours.
const SLOW: &str = "pbkdf2_sha256$1000000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[tokio::test]
async fn the_first_log_in_with_any_imported_hash_stores_one_of_ours() {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../foreign-hashes/vectors.json")).unwrap();
    let text_of = |row: &Value, name: &str| row[name].as_str().map(str::to_owned);
    let is_plain = |row: &&Value| {
        ["pepper", "signer_key", "wrap"]
            .iter()
            .all(|name| row.get(name).is_none())
    };
    let app = TestApp::new().await;
    app.user("alice").await;
    let mut checked = 0;
    for row in rows.iter().filter(is_plain) {
        let Some(hash) = text_of(row, "hash") else { continue };
        let password = text_of(row, "password").unwrap();
        let stored = if hash.starts_with("$argon2") {
            format!("argon2{hash}")
        } else {
            hash
        };
        app.database.set_password_hash(&stored).await;
        app.log_in(ALICE, &format!("{password}!"))
            .await
            .fails(401, "invalid_credentials");
        app.log_in(ALICE, &password).await.ok();
        let ours = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=64,t=2,p=1$%'";
        assert_eq!(app.count(ours).await, 1, "{row}");
        app.log_in(ALICE, &password).await.ok();
        checked += 1;
    }
    assert!(checked > 50, "{checked}");
}

#[tokio::test]
async fn a_malformed_hash_is_a_wrong_password() {
    let app = TestApp::new().await;
    app.user("alice").await;
    for malformed in [
        "",
        "$2b$12$",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$10$CCCCCCCCCCCCCCCCCCCCCé.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "pbkdf2_sha256$99999999999$salt$AAAA",
        "$scrypt$ln=63,r=4294967295,p=4294967295$AAAA$AAAA",
        "$6$rounds=999999999$salt$x",
        "$fbscrypt$v=1,n=99,r=8,p=1,ss=Bw==$AAAA$AAAA",
        "wrapped$md5$$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
        "NONE",
    ] {
        app.database.set_password_hash(malformed).await;
        for password in [PASSWORD, "NONE", "another"] {
            app.log_in(ALICE, password).await.fails(401, "invalid_credentials");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imported_hashes_that_take_long_leave_room_for_our_own() {
    let app = TestApp::with_setup(|setup| setup.hash_slots = Some(2)).await;
    app.user("slow").await;
    app.database.set_password_hash(SLOW).await;
    app.user("alice").await;
    let endpoint = app.endpoint.clone();
    let flood = tokio::spawn(at_once(40, move |number| {
        let client = crate::helpers::Client::new(endpoint.clone()).at(&format!("203.0.113.{number}"));
        async move { client.log_in("slow@example.com", "guess").await.status.as_u16() }
    }));
    // Only one of the two slots is for them, so that none of these waits for one.
    let mut answered = 0;
    while !flood.is_finished() {
        let answer = timeout(Duration::from_mins(1), app.log_in(ALICE, PASSWORD)).await;
        answer.expect("a log-in is answered").ok();
        answered += 1;
    }
    assert!(answered > 0);
    let statuses = flood.await.unwrap();
    let count = |status: u16| statuses.iter().filter(|other| **other == status).count();
    assert!(count(503) > 0, "the queue has no room for all of them: {statuses:?}");
    assert!(count(401) > 0, "some were checked: {statuses:?}");
    assert_eq!(count(401) + count(503), statuses.len(), "{statuses:?}");
}
