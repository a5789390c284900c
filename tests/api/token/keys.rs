//! The keys that sign access tokens.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use neptun_auth::app::{App, Setup};
use neptun_auth::flows::operator::rotate_keys::rotate_keys;
use neptun_auth::flows::worker::refresh_keys::refresh_keys;
use neptun_auth::model::secret_key::SecretKey;
use serde_json::Value;

use crate::helpers::{Client, TestApp, TestDatabase, TestUser, setup};

/// The ids of the published keys.
async fn published(client: &Client) -> Vec<String> {
    let set = client.get("/.well-known/jwks.json").await.ok().json();
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The id of the key that signs the next access token.
async fn signing(user: &TestUser) -> String {
    let token = user.tokens().await.access;
    let header = BASE64.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_published_keys_may_be_cached_and_have_no_private_part() {
    let app = TestApp::new().await;
    let answer = app.client().get("/.well-known/jwks.json").await;
    assert_eq!(answer.ok().header("cache-control"), Some("public, max-age=300"));
    let key = answer.json()["keys"][0].clone();
    let mut members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
}

#[tokio::test]
async fn a_new_key_signs_ten_minutes_after_it_is_published_and_the_old_one_stays_for_ten_more() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let old = signing(&alice).await;
    let token = alice.tokens().await.access;

    rotate_keys(&app.app).await.unwrap();
    let both = published(&client).await;
    assert_eq!(both.len(), 2);
    assert_eq!(signing(&alice).await, old, "caches must learn of the new key first");
    client.get_as("/api/me/", &token).await.ok();

    app.clock.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
    let last = alice.tokens().await.access;
    app.clock.advance(TimeDelta::seconds(1));
    let new = signing(&alice).await;
    assert_ne!(new, old);
    assert_eq!(published(&client).await, both);
    app.clock.advance(TimeDelta::minutes(4));
    client.get_as("/api/me/", &last).await.ok();

    app.clock.advance(TimeDelta::minutes(6));
    assert_eq!(published(&client).await, [new.as_str()]);
    app.clock.advance(TimeDelta::seconds(1));
    refresh_keys(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM signing_keys").await, 1);
    assert_eq!(signing(&alice).await, new);
}

#[tokio::test]
async fn two_instances_agree_on_the_keys() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let other = App::open(setup(&app.database.url, app.clock.clone())).await.unwrap();
    assert_eq!(
        other.tokens.keys.published(app.clock.now()),
        app.app.tokens.keys.published(app.clock.now())
    );
    rotate_keys(&other).await.unwrap();
    refresh_keys(&app.app).await.unwrap();
    assert_eq!(published(&app.client()).await.len(), 2);
    let tokens = alice.tokens().await;
    assert!(other.tokens.check_access(&tokens.access, app.clock.now()).is_some());
    assert!(other.tokens.check_refresh(&tokens.refresh, app.clock.now()).is_some());
}

#[tokio::test]
async fn another_secret_key_stops_the_start() {
    let app = TestApp::new().await;
    let mut other = setup(&app.database.url, app.clock.clone());
    other.secret_key = Some(SecretKey::generate());
    let error = format!("{:#}", App::open(other).await.unwrap_err());
    assert!(error.contains("SECRET_KEY is not the one"), "{error}");
}

#[tokio::test]
async fn without_a_secret_key_in_the_settings_sqlite_keeps_one_in_a_private_file() {
    let app = TestApp::new().await;
    let database = TestDatabase::create_sqlite();
    let key = format!("{}.key", database.url.strip_prefix("sqlite:").unwrap());
    let unset = || Setup {
        secret_key: None,
        ..setup(&database.url, app.clock.clone())
    };
    App::open(unset()).await.unwrap().close().await;
    let before = fs::read_to_string(&key).unwrap();
    assert_eq!(before.len(), 64);
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    App::open(unset()).await.unwrap().close().await;
    assert_eq!(fs::read_to_string(&key).unwrap(), before);

    fs::remove_file(&key).unwrap();
    let error = App::open(unset()).await.unwrap_err().to_string();
    assert!(error.contains("is gone"), "{error}");
    // A new key would only hide that the old one is lost.
    assert!(!fs::exists(&key).unwrap());
}
