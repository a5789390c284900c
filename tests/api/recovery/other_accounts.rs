//! No account can read or change another, by any id, in any operation of the document.

use serde_json::{Value, json};

use crate::helpers::{PASSWORD, TestApp, TestUser};

/// Everything by which a request could name the victim.
async fn names_of(victim: &TestUser, app: &TestApp) -> Vec<String> {
    let session = victim.session().await;
    let number = app
        .count("SELECT number FROM users WHERE email = 'victim@example.com'")
        .await;
    let mut names = vec![
        session["user"]["id"].as_str().unwrap().to_owned(),
        number.to_string(),
        victim.email.clone(),
    ];
    let sessions = victim.sessions().await;
    names.extend(sessions.iter().map(|listed| listed["id"].as_str().unwrap().to_owned()));
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
async fn no_operation_shows_or_changes_anything_of_another_account() {
    let app = TestApp::new().await;
    let victim = app.user("victim").await;
    let tokens = victim.tokens().await;
    let names = names_of(&victim, &app).await;
    let document = app.client().get("/openapi.json").await.json();
    let before = victim.export().await.ok().json();
    let mut walked = 0;

    for (template, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            for (round, name) in names.iter().enumerate() {
                // A new attacker each time, since some operations end the session or the account that calls them.
                let attacker = app.user(&format!("{walked}-attacker")).await;
                let path = fill(template, name);
                let method = method.to_uppercase();
                let answer = attacker.send_json(&method, &path, &body_naming(name)).await;
                let of_victim = ["/api/users/", "/api/auth/sessions/"];
                if template.contains('{') && of_victim.iter().any(|prefix| template.starts_with(prefix)) {
                    answer.fails(404, "not_found");
                }
                for secret in names.iter().filter(|name| name.len() > 8) {
                    assert!(!answer.body.contains(secret.as_str()), "{method} {path} shows {secret}");
                }
                assert!(victim.is_signed_in().await, "{method} {path} in round {round}");
                walked += 1;
            }
        }
    }
    assert!(walked > 100, "only {walked} requests were made");
    let after = victim.export().await.ok().json();
    assert_eq!(before["account"], after["account"]);
    let sessions = |export: &Value| export["sessions"].as_array().unwrap().len();
    assert_eq!(sessions(&before), sessions(&after));
    app.client().refresh(&tokens.refresh).await.ok();
    app.log_in(&victim.email, PASSWORD).await.ok();
}

/// The path with `name` in the place of every parameter.
fn fill(template: &str, name: &str) -> String {
    let segments = template
        .split('/')
        .map(|segment| if segment.starts_with('{') { name } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn without_a_session_every_operation_on_an_account_answers_401_for_any_name() {
    let app = TestApp::new().await;
    let victim = app.user("victim").await;
    for name in names_of(&victim, &app).await.iter().map(String::as_str).chain(["me"]) {
        for (method, path) in [
            ("PATCH", format!("/api/users/{name}")),
            ("DELETE", format!("/api/users/{name}")),
            ("GET", format!("/api/users/{name}/export")),
            ("GET", format!("/api/users/{name}/events")),
        ] {
            let answer = app.client().send_json(method, &path, &body_naming(name)).await;
            answer.fails(401, "not_authenticated");
        }
    }
    assert!(victim.is_signed_in().await);
}
