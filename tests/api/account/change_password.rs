//! `POST /api/auth/password`.

use serde_json::{Value, json};

use crate::helpers::{Answer, Client, PASSWORD, TestApp};

/// Where the accounts of these tests are at home.
const HOME: &str = "198.51.100.20";

const NEW: &str = "a new long password";

async fn change(client: &Client, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    client.post("/api/auth/password", &body).await
}

#[tokio::test]
async fn the_new_password_counts_and_every_other_session_ends() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let other = app.client();
    other.log_in("user@example.com", PASSWORD).await.assert_status(200);
    let tokens = app.client().token_pair("user@example.com", PASSWORD).await;
    let stolen = client.copy();

    change(&client, PASSWORD, NEW).await.assert_status(200);
    assert_eq!(client.session_status().await, 200);
    assert_eq!(stolen.session_status().await, 401, "the current session gets a new id");
    assert_eq!(other.session_status().await, 401);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");
    app.client().log_in("user@example.com", NEW).await.assert_status(200);
}

#[tokio::test]
async fn it_needs_the_current_password_and_a_session() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    change(&client, "not my password", NEW)
        .await
        .assert_error(403, "reauthentication_required");
    change(&app.client(), PASSWORD, NEW)
        .await
        .assert_error(401, "not_authenticated");
    assert_eq!(client.session_status().await, 200);
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn the_new_password_follows_the_policy() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    for (new, code) in [
        ("short", "too_short"),
        ("password1", "too_common"),
        ("user@example.com", "same_as_email"),
    ] {
        assert_eq!(
            change(&client, PASSWORD, new).await.issues(),
            [("new_password".into(), code.into())]
        );
    }
    let issues = client
        .post("/api/auth/password", &Value::Object(serde_json::Map::new()))
        .await
        .issues();
    assert_eq!(issues.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_from_before_the_change_survives_it() {
    let app = TestApp::new().await;
    for round in 0..30 {
        let email = format!("user{round}@example.com");
        let client = app.client().at(HOME);
        client.sign_up(&email, PASSWORD).await.assert_status(200);
        let racers: Vec<_> = [HOME, HOME, "203.0.113.9", "203.0.113.9"]
            .map(|network| {
                let (racer, email) = (app.client().at(network), email.clone());
                tokio::spawn(async move {
                    racer.log_in(&email, PASSWORD).await;
                    racer
                })
            })
            .into();
        change(&client, PASSWORD, NEW).await.assert_status(200);
        for racer in racers {
            let racer = racer.await.unwrap();
            assert_eq!(
                racer.session_status().await,
                401,
                "a log-in with the old password outlived it"
            );
        }
        assert_eq!(client.session_status().await, 200);
    }
}
