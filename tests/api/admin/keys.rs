//! Keys: what they open, for how long, and how they are stored.

use chrono::TimeDelta;
use neptun_auth::flows::admin::create_key::create_key;
use neptun_auth::flows::admin::list_keys::list_keys;
use neptun_auth::flows::admin::revoke_key::revoke_key;
use neptun_auth::model::admin::key::{AdminKey, Scopes};
use serde_json::json;

use super::{Operator, id_of};
use crate::helpers::{TestApp, contains, limits};

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_and_nothing_else_opens_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let id = id_of(&alice).await;
    let path = format!("/users/{id}");
    let (reader, writer) = (app.operator_with(Scopes::Read).await, app.operator().await);
    reader.get(&path).await.ok();
    reader.get("/users").await.ok();
    reader
        .patch(&path, &json!({"disabled": true}))
        .await
        .fails(403, "not_permitted");
    reader.delete(&path).await.fails(403, "not_permitted");
    reader
        .post("/users", &json!({"email": "bob@example.com"}))
        .await
        .fails(403, "not_permitted");
    reader
        .delete(&format!("{path}/sessions"))
        .await
        .fails(403, "not_permitted");
    writer.patch(&path, &json!({"disabled": false})).await.ok();

    app.client()
        .get("/api/admin/users")
        .await
        .fails(401, "not_authenticated");
    let token = alice.tokens().await.access;
    let changed = format!("{}x", &writer.key[..writer.key.len() - 1]);
    for key in ["", "nak_", &token, &changed, &writer.key.to_uppercase()] {
        let other = Operator {
            client: app.client(),
            key: key.to_owned(),
        };
        other.get("/users").await.fails(401, "not_authenticated");
    }
    // A key is for the admin API only, and decides also beside the cookie of a session.
    app.client().get_as("/api/me/", &writer.key).await.assert_status(401);
    alice
        .get_as("/api/admin/users", "nak_x")
        .await
        .fails(401, "not_authenticated");
}

#[tokio::test]
async fn a_key_ends_when_it_expires_or_is_revoked() {
    let app = TestApp::new().await;
    let (brief, secret) = create_key(&app.app, "brief", Scopes::Read, 1).await.unwrap();
    let operator = Operator {
        client: app.second_instance().await,
        key: secret.reveal().to_owned(),
    };
    app.clock.advance(TimeDelta::hours(23));
    operator.get("/users").await.ok();
    app.clock.advance(TimeDelta::hours(1));
    operator.get("/users").await.fails(401, "not_authenticated");
    assert_eq!(
        list_keys(&app.app).await.unwrap()[0].id,
        brief.id,
        "an expired key is listed"
    );

    let (key, secret) = create_key(&app.app, "long", Scopes::Read, AdminKey::MOST_DAYS)
        .await
        .unwrap();
    let operator = Operator {
        client: app.second_instance().await,
        key: secret.reveal().to_owned(),
    };
    operator.get("/users").await.ok();
    assert!(revoke_key(&app.app, key.id).await.unwrap());
    operator.get("/users").await.fails(401, "not_authenticated");
    assert!(!revoke_key(&app.app, key.id).await.unwrap());
    let acts = "SELECT COUNT(*) FROM events WHERE kind = 'admin_action' AND actor = 'operator'";
    assert_eq!(app.count(acts).await, 3, "two keys were made and one was revoked");
}

#[tokio::test]
async fn the_database_contains_no_key() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    operator.get("/users").await.ok();
    let stored = app.database.dump().await;
    assert!(contains(&stored, b"read write"), "the dump is empty");
    assert!(!contains(&stored, operator.key.as_bytes()) && !contains(&stored, &operator.key.as_bytes()[4..]));
}

#[tokio::test]
async fn the_use_of_a_key_is_stored_every_five_minutes() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let last_use = async || list_keys(&app.app).await.unwrap()[0].last_used_at;
    assert_eq!(last_use().await, None);
    operator.get("/users").await.ok();
    let first = app.clock.now();
    assert_eq!(last_use().await, Some(first));
    app.clock.advance(TimeDelta::minutes(4));
    operator.get("/users").await.ok();
    assert_eq!(last_use().await, Some(first));
    app.clock.advance(TimeDelta::minutes(1));
    operator.get("/users").await.ok();
    assert_eq!(last_use().await, Some(app.clock.now()));
}

#[tokio::test]
async fn a_service_has_at_most_a_hundred_keys() {
    let app = TestApp::new().await;
    for _ in 0..100 {
        create_key(&app.app, "one of many", Scopes::Read, 1).await.unwrap();
    }
    let refused = create_key(&app.app, "one too many", Scopes::Read, 1).await.unwrap_err();
    assert!(
        refused.to_string().starts_with("there are 100 keys already"),
        "{refused}"
    );
    for (name, days) in [
        ("", 1),
        ("a\nb", 1),
        (&*"x".repeat(101), 1),
        ("fine", 0),
        ("fine", 3651),
    ] {
        create_key(&app.app, name, Scopes::Read, days).await.unwrap_err();
    }
}

#[tokio::test]
async fn requests_of_one_key_and_guesses_of_one_network_are_limited() {
    let app = TestApp::with_limits(limits("3/h")).await;
    let (operator, other) = (app.operator().await, app.operator().await);
    for _ in 0..600 {
        operator.get("/users?limit=1").await.ok();
    }
    operator.get("/users?limit=1").await.throttled("admin");
    other.get("/users?limit=1").await.ok();
    let guesser = Operator {
        client: app.client(),
        key: "nak_guess".to_owned(),
    };
    for _ in 0..3 {
        guesser.get("/users").await.fails(401, "not_authenticated");
    }
    guesser.get("/users").await.throttled("log-in");
    // People behind the same address go on logging in.
    app.user("alice").await.log_in().await.ok();
}
