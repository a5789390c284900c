//! What one account can do to another: nothing, by any id, in any operation of the document.

use poem::Body;
use poem::http::Method;
use serde_json::{Value, json};

use crate::helpers::{Client, PASSWORD, TestApp};

const VICTIM: &str = "victim@example.com";
const ATTACKER: &str = "attacker@example.com";

/// Everything by which the victim could be named.
async fn names_of(victim: &Client, app: &TestApp) -> Vec<String> {
    let session = victim.get("/api/auth/session").await.json();
    let sessions = victim.get("/api/auth/sessions").await.json();
    let number = app
        .database
        .count("SELECT number FROM users WHERE email = 'victim@example.com'")
        .await;
    let mut names = vec![
        session["user"]["id"].as_str().unwrap().to_owned(),
        number.to_string(),
        VICTIM.to_owned(),
    ];
    names.extend(
        sessions
            .as_array()
            .unwrap()
            .iter()
            .map(|listed| listed["id"].as_str().unwrap().to_owned()),
    );
    names
}

/// A body that names the victim in every field that any operation reads, and in some that it should not.
fn body_naming(name: &str) -> Value {
    json!({
        "id": name, "user_id": name, "userId": name, "sub": name, "session_id": name, "sid": name,
        "current_password": PASSWORD, "password": "attacker's password", "new_password": "attacker's password",
        "email": "taken-over@example.com", "action": "create", "otp": "00000000", "code": "00000000",
        "token": "AAAAAAAAAAAAAAAAAAAAAA", "refresh": "AAAA", "username": "attacker2",
    })
}

#[tokio::test]
async fn no_operation_shows_or_changes_anything_of_somebody_else() {
    let app = TestApp::new().await;
    let victim = app.signed_up(VICTIM).await;
    let tokens = app.client().token_pair(VICTIM, PASSWORD).await;
    let names = names_of(&victim, &app).await;
    let document = app.client().get("/openapi.json").await.json();
    let before = victim.get("/api/users/me/export").await.json();
    let mut walked = 0;

    for (template, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            for (round, name) in names.iter().enumerate() {
                // A new attacker each time, since some operations end the session or the account that calls them.
                let email = format!("{walked}-{ATTACKER}");
                let attacker = app.signed_up(&email).await;
                let path = fill(template, name);
                let method: Method = method.to_uppercase().parse().unwrap();
                let json = [("content-type", "application/json")];
                let body = Body::from(body_naming(name).to_string());
                let answer = attacker.send(method.clone(), &path, &json, body).await;
                let of_victim = ["/api/users/", "/api/auth/sessions/"];
                if template.contains('{') && of_victim.iter().any(|prefix| template.starts_with(prefix)) {
                    answer.assert_error(404, "not_found");
                }
                for secret in names.iter().filter(|name| name.len() > 8) {
                    assert!(!answer.body.contains(secret.as_str()), "{method} {path} shows {secret}");
                }
                assert_eq!(victim.session_status().await, 200, "{method} {path} in round {round}");
                walked += 1;
            }
        }
    }
    assert!(walked > 100, "only {walked} requests were made");
    let after = victim.get("/api/users/me/export").await.json();
    assert_eq!(before["account"], after["account"]);
    assert_eq!(
        before["sessions"].as_array().unwrap().len(),
        after["sessions"].as_array().unwrap().len()
    );
    app.client().refresh(&tokens.refresh).await.assert_status(200);
    app.client().log_in(VICTIM, PASSWORD).await.assert_status(200);
}

/// The path with `name` in the place of every parameter.
fn fill(template: &str, name: &str) -> String {
    let segments = template
        .split('/')
        .map(|segment| if segment.starts_with('{') { name } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn without_a_session_every_operation_on_an_account_is_401_whoever_is_named() {
    let app = TestApp::new().await;
    let victim = app.signed_up(VICTIM).await;
    for name in names_of(&victim, &app).await.iter().map(String::as_str).chain(["me"]) {
        for (method, path) in [
            ("PATCH", format!("/api/users/{name}")),
            ("DELETE", format!("/api/users/{name}")),
            ("GET", format!("/api/users/{name}/export")),
        ] {
            let answer = app.client().send_json(method, &path, &body_naming(name)).await;
            answer.assert_error(401, "not_authenticated");
        }
    }
    assert_eq!(victim.session_status().await, 200);
}
