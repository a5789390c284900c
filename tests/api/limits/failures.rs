//! Failed attempts on one account, counted in the database before a password is checked. `V…` and `R…` number the
//! defects of other services that these tests repeat.

use chrono::TimeDelta;
use insta::assert_snapshot;
use neptun_auth::app::Setup;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use serde_json::json;

use super::{WRONG, failures};
use crate::helpers::{ALICE, Answer, Client, PASSWORD, TestApp, at_once, setup};

/// A client of an instance that is started now, on the same database.
async fn client_of_a_new_instance(app: &TestApp, rate: &str) -> Client {
    let setup = Setup {
        limits: Some(failures(rate)),
        ..setup(&app.database.url, app.clock.clone())
    };
    app.instance(setup).await
}

async fn token_pair(client: &Client, name: &str, login: &str, password: &str) -> Answer {
    client
        .post("/api/token/", &json!({ name: login, "password": password }))
        .await
}

/// R2, V18.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_guesses_at_once_on_two_instances_five_are_checked() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    app.user("alice").await;
    let instances = [app.client(), client_of_a_new_instance(&app, "5/15m").await];
    let statuses = at_once(100, |number| {
        let client = instances[number % 2].another();
        async move { client.log_in(ALICE, &format!("guess {number}")).await.status.as_u16() }
    });
    let (checked, rejected): (Vec<_>, Vec<_>) = statuses.await.into_iter().partition(|status| *status == 401);
    assert_eq!(checked.len(), 5);
    assert_eq!(rejected, [429; 95]);
    assert_eq!(app.count("SELECT failures FROM attempts").await, 5);
}

#[tokio::test]
async fn after_five_failures_a_stranger_is_rejected_even_with_the_right_password() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    app.user("alice").await;
    let stranger = app.client();
    for _ in 0..5 {
        stranger.log_in(ALICE, WRONG).await.fails(401, "invalid_credentials");
    }
    let wrong = stranger.log_in(ALICE, WRONG).await;
    let right = stranger.log_in(ALICE, PASSWORD).await;
    assert_eq!(wrong.throttled("failures"), 180);
    assert_eq!(right.throttled("failures"), 180);
    assert_eq!(right.body, wrong.body);
    assert_eq!(right.header("ratelimit-policy"), Some("\"failures\";q=5;w=900"));
    app.clock.advance(TimeDelta::seconds(179));
    assert_eq!(stranger.log_in(ALICE, PASSWORD).await.throttled("failures"), 1);
    app.clock.advance(TimeDelta::seconds(1));
    stranger.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn accounts_that_do_not_exist_are_limited_as_those_that_do() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.user("alice").await;
    app.user("passwordless").await;
    app.execute("UPDATE users SET password_hash = NULL WHERE email = 'passwordless@example.com'")
        .await;
    let mut seen = Vec::new();
    for email in [ALICE, "unknown@example.com", "passwordless@example.com"] {
        let client = app.client();
        let mut answers = Vec::new();
        for _ in 0..5 {
            let answer = client.log_in(email, WRONG).await;
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            answers.push((answer.status, format!("{headers:?}"), answer.body));
        }
        assert_eq!((answers[2].0.as_u16(), answers[3].0.as_u16()), (401, 429));
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

/// V19.
#[tokio::test]
async fn failures_count_after_a_restart() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.user("alice").await;
    for _ in 0..3 {
        app.log_in(ALICE, WRONG).await.assert_status(401);
    }
    let restarted = client_of_a_new_instance(&app, "3/15m").await;
    restarted.log_in(ALICE, PASSWORD).await.throttled("failures");
}

/// V20.
#[tokio::test]
async fn failures_of_all_operations_that_check_a_password_count_together() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let alice = app.user("alice").await;
    // A thief has the session's cookie and not the device's.
    let thief = alice.copy();
    let change = thief.change_password(WRONG, "a new long password").await;
    assert_eq!(change.issues(), ["current_password: incorrect"]);
    let tokens = app.client().log_in_for_tokens(ALICE, WRONG).await;
    tokens.assert_status(401);
    app.log_in(ALICE, WRONG).await.assert_status(401);

    let change = thief.change_password(WRONG, "a new long password").await;
    change.throttled("failures");
    app.log_in(ALICE, PASSWORD).await.throttled("failures");
    let tokens = app.client().log_in_for_tokens(ALICE, PASSWORD).await;
    assert_eq!(tokens.retry_after("failures"), 300);
    assert_snapshot!(tokens, @r#"
    429 Too Many Requests
    {
      "detail": "Request was throttled. Expected available in 300 seconds.",
      "code": "throttled"
    }
    "#);
}

/// V22.
#[tokio::test]
async fn all_spellings_of_an_identifier_count_together() {
    let app = TestApp::with_limits(failures("4/15m")).await;
    let body = json!({ "username": "Jane", "email": "Jane@Example.com", "password": PASSWORD });
    app.client().post("/api/sign-up/", &body).await.assert_status(201);
    let client = app.client();
    for (name, login) in [
        ("email", "jane@example.com"),
        ("email", " JANE@EXAMPLE.COM "),
        ("username", "JANE"),
        ("username", " jane "),
    ] {
        token_pair(&client, name, login, WRONG).await.assert_status(401);
    }
    for (name, login) in [("email", "jAne@example.com"), ("username", "janE")] {
        token_pair(&client, name, login, PASSWORD).await.assert_status(429);
    }
    for login in ["unknown", "UNKNOWN", " unknown ", "unKnown"] {
        token_pair(&client, "username", login, WRONG).await.assert_status(401);
    }
    let fifth = token_pair(&client, "username", "unknown", WRONG).await;
    fifth.assert_status(429);
}

/// V24: the limit is in the flow, so the spelling of the path that leads there does not matter.
#[tokio::test]
async fn no_spelling_of_a_path_avoids_the_limit() {
    let app = TestApp::with_limits(failures("1/15m")).await;
    app.user("alice").await;
    let client = app.client();
    client.log_in(ALICE, WRONG).await.assert_status(401);
    let body = json!({ "email": ALICE, "password": PASSWORD });
    for path in [
        "/api/auth/login",
        "/api/auth/login/",
        "//api/auth/login",
        "/api//auth/login",
        "/api/auth//login",
        "/api/auth%2flogin",
        "/api/auth/%6cogin",
        "/API/auth/LOGIN",
        "/api/auth/login?x=1",
        "/api/auth/./login",
        "/api/auth/x/../login",
        "/api/token",
        "/api/token/",
        "/api/token//",
        "//api/token/",
        "/api/token/%2f",
    ] {
        let status = client.post(path, &body).await.status.as_u16();
        assert!(matches!(status, 404 | 429), "{path}: {status}");
    }
    assert_eq!(client.cookie(), None);
}

#[tokio::test]
async fn a_success_clears_the_failures_before_it() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let home = "198.51.100.20";
    app.user_at(home, "alice").await;
    for network in [home, "203.0.113.9"] {
        for _ in 0..5 {
            let there = app.client().at(network);
            for _ in 0..2 {
                there.log_in(ALICE, WRONG).await.assert_status(401);
            }
            there.log_in(ALICE, PASSWORD).await.ok();
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM attempts").await, 0);
    }
}

#[tokio::test]
async fn the_owners_success_anywhere_ends_the_row_of_failures_and_lets_no_stranger_in() {
    let app = TestApp::with_limits(failures("10/15m")).await;
    let alice = app.user("alice").await;
    let stranger = app.client();
    for _ in 0..10 {
        stranger.log_in(ALICE, WRONG).await.assert_status(401);
    }
    for act in ["log in", "change the address"] {
        assert!(app.count("SELECT MAX(failures) FROM attempts").await > 0);
        if act == "log in" {
            alice.log_in().await.ok();
        } else {
            let body = json!({ "current_password": PASSWORD, "email": "new@example.com" });
            alice.update(&body).await.ok();
        }
        assert_eq!(app.count("SELECT MAX(failures) FROM attempts").await, 0, "{act}");
        assert_eq!(stranger.log_in(ALICE, PASSWORD).await.throttled("failures"), 90);
        app.clock.advance(TimeDelta::seconds(90));
        stranger.log_in(ALICE, WRONG).await.assert_status(401);
    }
}

/// A hundred failures do not close an account for a hundred days.
#[tokio::test]
async fn after_a_hundred_failures_in_a_row_the_owners_log_in_opens_the_strangers_bucket() {
    let app = TestApp::with_limits(failures("1000000/h")).await;
    let alice = app.user("alice").await;
    let stranger = app.client();
    for _ in 0..100 {
        stranger.log_in(ALICE, WRONG).await.assert_status(401);
    }
    stranger.log_in(ALICE, PASSWORD).await.throttled("failures");
    alice.log_in().await.ok();
    app.clock.advance(TimeDelta::seconds(1));
    stranger.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn failures_at_two_known_places_count_apart() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let alice = app.user_at("198.51.100.20", "alice").await;
    let network = app.client().at("198.51.100.77");
    let device = alice.at("192.0.2.1");
    for _ in 0..3 {
        network.log_in(ALICE, WRONG).await.assert_status(401);
    }
    network.log_in(ALICE, PASSWORD).await.throttled("failures");
    for _ in 0..3 {
        device.log_in_with(WRONG).await.assert_status(401);
    }
    device.log_in().await.throttled("failures");
    app.client().at("203.0.113.9").log_in(ALICE, PASSWORD).await.ok();
    network.log_in(ALICE, PASSWORD).await.throttled("failures");
}

/// NIST SP 800-63B-4, 3.2.2.
#[tokio::test]
async fn after_a_hundred_failures_in_a_row_strangers_are_rejected_until_the_password_changes() {
    let app = TestApp::with_limits(failures("1000000/h")).await;
    let alice = app.user("alice").await;
    let stranger = app.client();
    for _ in 0..100 {
        stranger.log_in(ALICE, WRONG).await.assert_status(401);
    }
    app.clock.advance(TimeDelta::days(6));
    stranger.log_in(ALICE, PASSWORD).await.throttled("failures");
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.count("SELECT failures FROM attempts").await, 100);

    alice.change_password(PASSWORD, "a new long password").await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM attempts").await, 0);
    stranger.log_in(ALICE, "a new long password").await.ok();
}
