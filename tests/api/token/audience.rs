//! Access tokens for one service.

use poem::Body;
use poem::http::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp, TestUser};

const ORDERS: &str = "https://orders.example.com";

async fn service() -> TestApp {
    TestApp::with_setup(|setup| setup.audiences = vec![ORDERS.parse().unwrap(), "mail".parse().unwrap()]).await
}

async fn mint(user: &TestUser, body: &Value) -> Answer {
    user.post("/api/auth/token", body).await
}

fn claims(token: &str) -> Value {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_token_for_an_audience_names_it_and_opens_no_path_of_ours() {
    let app = service().await;
    let alice = app.user("alice").await;
    for audience in [ORDERS, "mail"] {
        let minted = mint(&alice, &json!({ "audience": audience })).await.ok().json();
        let access = minted["access"].as_str().unwrap();
        assert_eq!(claims(access)["aud"], audience);
        let client = app.client();
        for path in ["/api/me/", "/api/auth/verify"] {
            client.get_as(path, access).await.assert_status(401);
        }
        client.verify_token(access).await.assert_status(401);
        client.refresh(access).await.assert_status(401);
        // Not even beside the cookie that it was made with.
        alice.get_as("/api/auth/verify", access).await.assert_status(401);
    }
}

#[tokio::test]
async fn without_an_audience_a_token_is_what_it_was() {
    let app = service().await;
    let alice = app.user("alice").await;
    for body in [json!({}), json!({ "audience": null })] {
        let minted = mint(&alice, &body).await.ok().json();
        let access = minted["access"].as_str().unwrap();
        assert_eq!(claims(access).get("aud"), None);
        app.client().get_as("/api/me/", access).await.ok();
        app.client().verify_token(access).await.ok();
    }
    let empty = alice.send(Method::POST, "/api/auth/token", &[], Body::empty()).await;
    empty.ok();
    let tokens = alice.tokens().await;
    assert_eq!(claims(&tokens.access).get("aud"), None);
    assert_eq!(claims(&tokens.refresh).get("aud"), None);
}

#[tokio::test]
async fn only_the_configured_audiences_can_be_asked_for() {
    let app = service().await;
    let alice = app.user("alice").await;
    for (audience, issue) in [
        (json!("https://evil.example"), "audience: invalid_choice"),
        (json!("https://orders.example.com/"), "audience: invalid_choice"),
        (json!(ORDERS.to_uppercase()), "audience: invalid_choice"),
        (json!(""), "audience: invalid_choice"),
        (json!([ORDERS]), "audience: invalid_type"),
        (json!(7), "audience: invalid_type"),
    ] {
        let answer = mint(&alice, &json!({ "audience": audience })).await;
        assert_eq!(answer.issues(), [issue], "{audience}");
    }
    let none = TestApp::new().await;
    let alice = none.user("alice").await;
    let answer = mint(&alice, &json!({ "audience": ORDERS })).await;
    assert_eq!(answer.issues(), ["audience: invalid_choice"]);
}
