//! Failures on one account, counted in the database before a password is looked at.

use chrono::TimeDelta;
use neptun_auth::app::Setup;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use serde_json::json;

use super::{WRONG, failures};
use crate::helpers::{Answer, Client, PASSWORD, TestApp, setup};

/// Somebody else at another instance, one that was started later.
async fn stranger_elsewhere(app: &TestApp, rate: &str) -> Client {
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
async fn of_a_hundred_guesses_at_once_on_two_instances_five_are_looked_at() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    app.signed_up("user@example.com").await;
    let elsewhere = stranger_elsewhere(&app, "5/15m").await;
    let guesses: Vec<_> = (0..100)
        .map(|number| {
            let client = if number % 2 == 0 {
                app.client()
            } else {
                elsewhere.copy()
            };
            tokio::spawn(async move { client.log_in("user@example.com", &format!("guess {number}")).await })
        })
        .collect();
    let (mut looked_at, mut refused) = (0, 0);
    for guess in guesses {
        match guess.await.unwrap().status.as_u16() {
            401 => looked_at += 1,
            429 => refused += 1,
            status => panic!("{status}"),
        }
    }
    assert_eq!((looked_at, refused), (5, 95));
    assert_eq!(app.database.count("SELECT failures FROM attempts").await, 5);
}

#[tokio::test]
async fn the_right_password_is_refused_like_a_wrong_one_while_strangers_are() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    app.signed_up("user@example.com").await;
    let stranger = app.client();
    for _ in 0..5 {
        stranger
            .log_in("user@example.com", WRONG)
            .await
            .assert_error(401, "invalid_credentials");
    }
    let wrong = stranger.log_in("user@example.com", WRONG).await;
    let right = stranger.log_in("user@example.com", PASSWORD).await;
    assert_eq!(wrong.assert_throttled("failures"), 180);
    assert_eq!(right.assert_throttled("failures"), 180);
    assert_eq!(right.body, wrong.body);
    assert_eq!(right.header("ratelimit-policy"), Some("\"failures\";q=5;w=900"));
    app.clock.advance(TimeDelta::seconds(179));
    assert_eq!(
        stranger
            .log_in("user@example.com", PASSWORD)
            .await
            .assert_throttled("failures"),
        1
    );
    app.clock.advance(TimeDelta::seconds(1));
    stranger.log_in("user@example.com", PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn accounts_that_do_not_exist_are_limited_as_those_that_do() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.signed_up("user@example.com").await;
    app.signed_up("passwordless@example.com").await;
    let remove = "UPDATE users SET password_hash = NULL WHERE email = 'passwordless@example.com'";
    app.database.execute(remove, remove).await;
    let mut seen = Vec::new();
    for email in ["user@example.com", "nobody@example.com", "passwordless@example.com"] {
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
async fn failures_are_remembered_by_a_service_that_starts_again() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    app.signed_up("user@example.com").await;
    for _ in 0..3 {
        app.client().log_in("user@example.com", WRONG).await.assert_status(401);
    }
    let restarted = stranger_elsewhere(&app, "3/15m").await;
    restarted
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_throttled("failures");
}

/// V20.
#[tokio::test]
async fn every_operation_that_checks_a_password_counts_for_all() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let user = app.signed_up("user@example.com").await;
    let change = json!({ "current_password": WRONG, "new_password": "a new long password" });
    // A thief has the session's cookie and not the device's.
    let thief = user.copy();
    thief
        .post("/api/auth/password", &change)
        .await
        .assert_error(403, "reauthentication_required");
    token_pair(&app.client(), "email", "user@example.com", WRONG)
        .await
        .assert_status(401);
    app.client().log_in("user@example.com", WRONG).await.assert_status(401);

    thief
        .post("/api/auth/password", &change)
        .await
        .assert_throttled("failures");
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_throttled("failures");
    let answer = token_pair(&app.client(), "email", "user@example.com", PASSWORD).await;
    assert_eq!(answer.waiting("failures"), 300);
    let expected =
        json!({ "detail": "Request was throttled. Expected available in 300 seconds.", "code": "throttled" });
    assert_eq!(answer.json(), expected);
}

/// V22.
#[tokio::test]
async fn all_the_ways_to_write_an_account_are_one() {
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
    for login in ["nobody", "NOBODY", " nobody ", "noBody"] {
        token_pair(&client, "username", login, WRONG).await.assert_status(401);
    }
    token_pair(&client, "username", "nobody", WRONG)
        .await
        .assert_status(429);
}

/// V24: the limit is in the flow, so it does not matter by which spelling of a path that is reached.
#[tokio::test]
async fn no_spelling_of_a_path_avoids_the_limit() {
    let app = TestApp::with_limits(failures("1/15m")).await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    client.log_in("user@example.com", WRONG).await.assert_status(401);
    let body = json!({ "email": "user@example.com", "password": PASSWORD });
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
async fn a_success_forgets_the_failures_before_it() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let home = "198.51.100.20";
    let owner = app.client().at(home);
    owner.sign_up("user@example.com", PASSWORD).await.assert_status(200);
    for network in [home, "203.0.113.9"] {
        for _ in 0..5 {
            let there = app.client().at(network);
            for _ in 0..2 {
                there.log_in("user@example.com", WRONG).await.assert_status(401);
            }
            there.log_in("user@example.com", PASSWORD).await.assert_status(200);
        }
        assert_eq!(app.database.count("SELECT COUNT(*) FROM attempts").await, 0);
    }
}

/// NIST SP 800-63B-4, 3.2.2.
#[tokio::test]
async fn after_a_hundred_failures_in_a_row_strangers_have_to_wait_for_a_new_password() {
    let app = TestApp::with_limits(failures("1000000/h")).await;
    let owner = app.signed_up("user@example.com").await;
    let stranger = app.client();
    for _ in 0..100 {
        stranger.log_in("user@example.com", WRONG).await.assert_status(401);
    }
    app.clock.advance(TimeDelta::days(6));
    stranger
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_throttled("failures");
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.count("SELECT failures FROM attempts").await, 100);

    let change = json!({ "current_password": PASSWORD, "new_password": "a new long password" });
    owner.post("/api/auth/password", &change).await.assert_status(200);
    assert_eq!(app.database.count("SELECT COUNT(*) FROM attempts").await, 0);
    stranger
        .log_in("user@example.com", "a new long password")
        .await
        .assert_status(200);
}
