//! `POST /api/auth/password`.

use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, at_once};

/// The network that the accounts of these tests know.
const HOME: &str = "198.51.100.20";

const NEW: &str = "a new long password";

#[tokio::test]
async fn the_new_password_counts_and_every_other_session_ends() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let other = alice.elsewhere().await;
    let tokens = alice.tokens().await;
    let stolen = alice.copy();

    alice.change_password(PASSWORD, NEW).await.ok();
    assert!(alice.is_signed_in().await);
    assert!(!stolen.is_signed_in().await, "the current session gets a new id");
    assert!(!other.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    app.log_in(ALICE, NEW).await.ok();
}

#[tokio::test]
async fn it_needs_the_current_password_and_a_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let wrong = alice.change_password("not my password", NEW).await;
    assert_eq!(wrong.issues(), ["current_password: incorrect"]);
    assert_eq!(
        wrong.json()["data"]["issues"][0]["message"],
        "The current password is wrong"
    );
    let missing = alice.post("/api/auth/password", &json!({ "new_password": NEW })).await;
    assert_eq!(missing.issues(), ["current_password: required"]);
    app.client()
        .change_password(PASSWORD, NEW)
        .await
        .fails(401, "not_authenticated");
    assert!(alice.is_signed_in().await);
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn the_new_password_follows_the_policy() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for (new, issue) in [
        ("short", "new_password: too_short"),
        ("password1", "new_password: too_common"),
        (ALICE, "new_password: same_as_email"),
    ] {
        assert_eq!(alice.change_password(PASSWORD, new).await.issues(), [issue]);
    }
    let nothing = alice.post("/api/auth/password", &json!({})).await;
    assert_eq!(
        nothing.issues(),
        ["current_password: required", "new_password: required"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_from_before_the_change_survives_it() {
    let app = TestApp::new().await;
    for round in 0..30 {
        let user = app.user_at(HOME, &format!("user{round}")).await;
        let log_ins = at_once(4, |number| {
            let network = [HOME, HOME, "203.0.113.9", "203.0.113.9"][number];
            let (racer, email) = (app.client().at(network), user.email.clone());
            async move {
                racer.log_in(&email, PASSWORD).await;
                racer
            }
        });
        let (racers, changed) = tokio::join!(log_ins, user.change_password(PASSWORD, NEW));
        changed.ok();
        for racer in racers {
            assert!(!racer.is_signed_in().await, "a session survived the change");
        }
        assert!(user.is_signed_in().await);
    }
}
