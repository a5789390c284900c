//! Tokens that attackers make. Every operation that takes a token answers them with 401.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use poem::Body;
use poem::http::Method;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use crate::helpers::{ALICE, PASSWORD, SECRET_KEY, TestApp, contains, setup};

fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn decode(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

/// A token with this header and payload and the signature of another.
fn graft(header: &Value, payload: &Value, signature: &str) -> String {
    format!("{}.{}.{signature}", part(header), part(payload))
}

fn hs256(header: &Value, payload: &Value, key: &[u8]) -> String {
    let signed = format!("{}.{}", part(header), part(payload));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(tag))
}

fn es256(header: &Value, payload: &Value) -> String {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64.encode(signature))
}

fn with(value: &Value, name: &str, new: Value) -> Value {
    let mut changed = value.clone();
    changed[name] = new;
    changed
}

/// `token` with another character in the middle of its signature.
fn changed(token: &str) -> String {
    let (rest, end) = token.split_at(token.len() - 40);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    format!("{rest}{other}{}", &end[1..])
}

/// Forgeries of `access`, each with its name.
fn forgeries(access: &str, refresh: &str, public_key: &[u8]) -> Vec<(&'static str, String)> {
    let (header, payload) = (decode(access, 0), decode(access, 1));
    let signature = access.rsplit('.').next().unwrap();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    vec![
        (
            "no algorithm",
            graft(&json!({ "alg": "none", "typ": "JWT" }), &payload, ""),
        ),
        (
            "no algorithm, with the key's id",
            graft(&with(&header, "alg", json!("none")), &payload, signature),
        ),
        (
            "no algorithm in capitals",
            graft(&with(&header, "alg", json!("NONE")), &payload, ""),
        ),
        (
            "HMAC with the public key",
            hs256(&with(&header, "alg", json!("HS256")), &payload, public_key),
        ),
        (
            "HMAC with an empty key",
            hs256(&with(&header, "alg", json!("HS256")), &payload, b""),
        ),
        ("a key of the attacker's", es256(&header, &payload)),
        (
            "a foreign key id",
            es256(&with(&header, "kid", json!("attacker")), &payload),
        ),
        (
            "a path for a key id",
            es256(&with(&header, "kid", json!("../../dev/null")), &payload),
        ),
        (
            "SQL for a key id",
            es256(&with(&header, "kid", json!("' OR 1=1 --")), &payload),
        ),
        ("a key in the header", es256(&with(&header, "jwk", jwk), &payload)),
        (
            "a key's address in the header",
            es256(&with(&header, "jku", json!("https://evil.example/jwks")), &payload),
        ),
        (
            "an extension to understand",
            graft(&with(&header, "crit", json!(["exp"])), &payload, signature),
        ),
        (
            "another subject",
            graft(&header, &with(&payload, "user_id", json!(2)), signature),
        ),
        (
            "a later end",
            graft(&header, &with(&payload, "exp", json!(9_999_999_999_i64)), signature),
        ),
        ("no end", graft(&header, &with(&payload, "exp", Value::Null), signature)),
        (
            "an end in words",
            graft(&header, &with(&payload, "exp", json!("9999999999")), signature),
        ),
        ("a refresh token", refresh.to_owned()),
        ("half a token", access[..access.len() / 2].to_owned()),
        ("no signature", access[..=access.rfind('.').unwrap()].to_owned()),
        (
            "a signature of zeros",
            graft(&header, &payload, &BASE64.encode([0; 64])),
        ),
        ("a changed character", changed(access)),
        ("four parts", format!("{access}.{signature}")),
        ("dots", "...".to_owned()),
        ("nothing", String::new()),
        ("padding", format!("{access}==")),
        ("longer than any of ours", format!("{access}{}", "A".repeat(14_000))),
        ("not base64", "é.è.à".to_owned()),
        ("a number", "12345".to_owned()),
    ]
}

#[tokio::test]
async fn no_forgery_is_accepted_anywhere() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let tokens = alice.tokens().await;
    let jwk = client.get("/.well-known/jwks.json").await.json()["keys"][0].clone();
    let point = |name: &str| BASE64.decode(jwk[name].as_str().unwrap()).unwrap();
    let public_key = [vec![4], point("x"), point("y")].concat();
    let forgeries = forgeries(&tokens.access, &tokens.refresh, &public_key);
    assert!(forgeries.len() >= 15);
    for (name, token) in &forgeries {
        if token.is_ascii() {
            for path in ["/api/me/", "/api/auth/verify"] {
                let answer = client.get_as(path, token).await;
                assert_eq!(answer.status, 401, "{name} at {path}: {}", answer.body);
            }
        }
        if *name != "a refresh token" {
            let refreshed = client.refresh(token).await;
            assert_eq!(refreshed.status, 401, "{name} at refresh: {}", refreshed.body);
            let verified = client.verify_token(token).await;
            assert_eq!(verified.status, 401, "{name} at verify: {}", verified.body);
        }
    }
    let huge = "A".repeat(100_000);
    for path in ["/api/me/", "/api/auth/verify"] {
        client.get_as(path, &huge).await.assert_status(401);
    }
    // The limit on bodies rejects this size before the operation looks for a token.
    client.refresh(&huge).await.assert_status(413);
    client.refresh(&tokens.access).await.assert_status(401);
    client.get_as("/api/me/", &tokens.access).await.ok();
    client.refresh(&tokens.refresh).await.ok();
}

#[tokio::test]
async fn a_token_works_only_in_its_time_for_its_issuer_session_and_account() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();

    let expired = alice.tokens().await;
    app.clock.advance(TimeDelta::minutes(5));
    client.get_as("/api/me/", &expired.access).await.assert_status(401);

    app.clock.advance(TimeDelta::hours(1));
    let future = alice.tokens().await;
    app.clock.advance(TimeDelta::hours(-1));
    client.get_as("/api/me/", &future.access).await.assert_status(401);
    client.refresh(&future.refresh).await.assert_status(401);
    app.clock.advance(TimeDelta::hours(1));

    let deleted = alice.tokens().await;
    client.get_as("/api/me/", &deleted.access).await.ok();
    app.execute("DELETE FROM users").await;
    client.get_as("/api/me/", &deleted.access).await.assert_status(401);
    client.refresh(&deleted.refresh).await.assert_status(401);
    assert!(!alice.is_signed_in().await);

    // A copy of the service that was moved elsewhere has the same keys and another issuer.
    let mut moved = setup(&app.database.url, app.clock.clone());
    moved.issuer = "https://elsewhere.example.com".to_owned();
    let moved = app.instance(moved).await;
    moved.sign_up(ALICE, PASSWORD).await.ok();
    let foreign = moved.token_pair(ALICE, PASSWORD).await;
    moved.get_as("/api/me/", &foreign.access).await.ok();
    client.get_as("/api/me/", &foreign.access).await.assert_status(401);
    client.refresh(&foreign.refresh).await.assert_status(401);
}

#[tokio::test]
async fn exactly_one_bearer_token_is_accepted_and_other_schemes_are_ignored() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let token = alice.tokens().await.access;
    let (bearer, bad) = (format!("bearer {token}"), "Bearer nonsense".to_owned());
    let ask = async |path: &str, values: &[&str]| {
        let headers: Vec<_> = values.iter().map(|value| ("authorization", *value)).collect();
        alice.send(Method::GET, path, &headers, Body::empty()).await
    };
    ask("/api/me/", &[&bearer]).await.ok();
    for values in [vec![token.as_str()], vec!["Basic dXNlcjpwYXNz"], vec!["Bearer"], vec![]] {
        let answer = ask("/api/me/", &values).await;
        let code = &answer.assert_status(401).json()["code"];
        assert_eq!(code, "not_authenticated", "{values:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
        // The cookie that comes with it is accepted.
        ask("/api/auth/verify", &values).await.assert_status(204);
    }
    for values in [
        vec!["Bearer "],
        vec!["Bearer\tx"],
        vec!["Bearer \u{ff}"],
        vec![bad.as_str()],
        vec![bearer.as_str(), bearer.as_str()],
    ] {
        let answer = ask("/api/me/", &values).await;
        assert_eq!(answer.assert_status(401).json()["code"], "token_not_valid");
        ask("/api/auth/verify", &values).await.assert_status(401);
    }
}

#[tokio::test]
async fn nothing_that_is_stored_signs_a_token() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let tokens = alice.tokens().await;
    let stored = app.database.dump().await;
    for token in [&tokens.access, &tokens.refresh] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!contains(&stored, signature.as_bytes()));
    }
    let secret: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&SECRET_KEY[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert!(!contains(&stored, &secret) && !contains(&stored, SECRET_KEY.as_bytes()));

    // Every stored value, tried as an HMAC key and as a private key.
    let (header, payload) = (json!({ "alg": "HS256", "typ": "JWT" }), decode(&tokens.refresh, 1));
    let values = app.database.stored_values().await;
    assert!(values.len() > 20, "only {} values were found", values.len());
    for value in values {
        client
            .refresh(&hs256(&header, &payload, &value))
            .await
            .assert_status(401);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &value, &SystemRandom::new());
        assert!(pair.is_err(), "a private key is stored in the open");
    }
    client.refresh(&tokens.refresh).await.ok();
}
