//! The keys that sign access tokens.

use chrono::TimeDelta;
use neptun_auth::app::App;
use neptun_auth::flows::operator::rotate_keys::rotate_keys;
use neptun_auth::flows::worker::refresh_keys::refresh_keys;
use serde_json::Value;

use crate::helpers::{Client, PASSWORD, TestApp, setup};

async fn published(client: &Client) -> Vec<String> {
    let set = client.get("/.well-known/jwks.json").await.assert_status(200).json();
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

async fn signing(client: &Client) -> String {
    use base64::Engine;
    let token = client.token_pair("user@example.com", PASSWORD).await.access;
    let header = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_published_keys_may_be_cached_and_are_public_only() {
    let app = TestApp::new().await;
    let answer = app.client().get("/.well-known/jwks.json").await;
    assert_eq!(
        answer.assert_status(200).header("cache-control"),
        Some("public, max-age=300")
    );
    let key = answer.json()["keys"][0].clone();
    let mut members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
}

#[tokio::test]
async fn a_new_key_is_published_first_signs_later_and_the_old_one_stays_a_while() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    let old = signing(&client).await;
    let token = client.token_pair("user@example.com", PASSWORD).await.access;

    rotate_keys(&app.app).await.unwrap();
    let both = published(&client).await;
    assert_eq!(both.len(), 2);
    assert_eq!(signing(&client).await, old, "caches must learn of the new key first");
    client.get_as("/api/me/", &token).await.assert_status(200);

    app.clock.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
    let last = client.token_pair("user@example.com", PASSWORD).await.access;
    app.clock.advance(TimeDelta::seconds(1));
    let new = signing(&client).await;
    assert_ne!(new, old);
    assert_eq!(published(&client).await, both);
    app.clock.advance(TimeDelta::minutes(4));
    client.get_as("/api/me/", &last).await.assert_status(200);

    app.clock.advance(TimeDelta::minutes(6));
    assert_eq!(published(&client).await, [new.as_str()]);
    app.clock.advance(TimeDelta::seconds(1));
    refresh_keys(&app.app).await.unwrap();
    assert_eq!(app.database.count("SELECT COUNT(*) FROM signing_keys").await, 1);
    assert_eq!(signing(&client).await, new);
}

#[tokio::test]
async fn two_instances_agree_on_the_keys() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let other = App::open(setup(&app.database.url, app.clock.clone())).await.unwrap();
    assert_eq!(
        other.tokens.keys.published(app.clock.now()),
        app.app.tokens.keys.published(app.clock.now())
    );
    rotate_keys(&other).await.unwrap();
    refresh_keys(&app.app).await.unwrap();
    assert_eq!(published(&app.client()).await.len(), 2);
    let tokens = app.client().token_pair("user@example.com", PASSWORD).await;
    assert!(other.tokens.check_access(&tokens.access, app.clock.now()).is_some());
    assert!(other.tokens.check_refresh(&tokens.refresh, app.clock.now()).is_some());
}

#[tokio::test]
async fn another_secret_key_opens_nothing() {
    let app = TestApp::new().await;
    let mut stranger = setup(&app.database.url, app.clock.clone());
    stranger.secret_key = Some("f".repeat(64).parse().unwrap());
    let refusal = App::open(stranger).await.unwrap_err();
    assert!(
        format!("{refusal:#}").contains("SECRET_KEY is not the one"),
        "{refusal:#}"
    );
}

#[tokio::test]
async fn without_a_setting_sqlite_keeps_its_key_in_a_private_file_and_postgresql_refuses() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::new().await;
    let mut unset = setup(&app.database.url, app.clock.clone());
    unset.secret_key = None;
    if app.database.is_postgres() {
        let refusal = App::open(unset).await.unwrap_err();
        assert!(
            refusal.to_string().contains("SECRET_KEY is needed with PostgreSQL"),
            "{refusal}"
        );
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    unset.database_url = format!("sqlite:{}", folder.path().join("own.db").display());
    App::open(unset).await.unwrap().close().await;
    let key = folder.path().join("own.db.key");
    let before = std::fs::read_to_string(&key).unwrap();
    assert_eq!(before.len(), 64);
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut again = setup(
        &format!("sqlite:{}", folder.path().join("own.db").display()),
        app.clock.clone(),
    );
    again.secret_key = None;
    App::open(again).await.unwrap().close().await;
    assert_eq!(std::fs::read_to_string(&key).unwrap(), before);

    std::fs::remove_file(&key).unwrap();
    let mut lost = setup(
        &format!("sqlite:{}", folder.path().join("own.db").display()),
        app.clock.clone(),
    );
    lost.secret_key = None;
    let refusal = App::open(lost).await.unwrap_err();
    assert!(refusal.to_string().contains("is gone"), "{refusal}");
    assert!(!key.exists(), "a new key would only hide that the old one is lost");
}
