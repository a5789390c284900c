//! `PATCH /api/users/{user_id}`.

use chrono::TimeDelta;
use neptun_auth::model::limit::Rates;
use serde_json::{Value, json};

use crate::helpers::{Answer, Client, PASSWORD, TestApp};

const USER: &str = "user@example.com";
const NEW: &str = "a new long password";

async fn patch(client: &Client, body: &Value) -> Answer {
    client.send_json("PATCH", "/api/users/me", body).await
}

#[tokio::test]
async fn a_password_is_changed_under_ones_id_or_me() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let id = client.get("/api/auth/session").await.json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let elsewhere = app.client();
    elsewhere.log_in(USER, PASSWORD).await.assert_status(200);
    let copy = client.copy();

    let body = json!({ "password": NEW, "current_password": PASSWORD });
    let changed = client.send_json("PATCH", &format!("/api/users/{id}"), &body).await;
    let expected =
        json!({ "user": { "id": id, "primary_email": USER, "email_verified": false, "pending_email": null } });
    assert_eq!(changed.assert_status(200).json(), expected);
    assert_eq!(client.session_status().await, 200);
    assert_eq!(copy.session_status().await, 401, "the session gets a new id");
    assert_eq!(elsewhere.session_status().await, 401);
    app.client()
        .log_in(USER, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");
    app.client().log_in(USER, NEW).await.assert_status(200);
}

#[tokio::test]
async fn it_needs_the_password_or_a_log_in_within_ten_minutes() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    app.clock.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
    patch(&client, &json!({ "password": NEW })).await.assert_status(200);
    app.clock.advance(TimeDelta::seconds(1));
    // The change gave the session a new id and not a new log-in.
    patch(&client, &json!({ "password": PASSWORD }))
        .await
        .assert_error(403, "reauthentication_required");
    patch(&client, &json!({ "email": "x@example.com" }))
        .await
        .assert_error(403, "reauthentication_required");
    let wrong = json!({ "password": PASSWORD, "current_password": "not it at all" });
    patch(&client, &wrong)
        .await
        .assert_error(403, "reauthentication_required");
    let right = json!({ "password": PASSWORD, "current_password": NEW });
    patch(&client, &right).await.assert_status(200);
}

#[tokio::test]
async fn a_fresh_session_changes_its_account_only_so_often() {
    let app = TestApp::with_setup(|setup| {
        let mail = "3/h".parse().unwrap();
        setup.limits = setup.limits.map(|limits| Rates { mail, ..limits });
    })
    .await;
    let client = app.signed_up(USER).await;
    for _ in 0..3 {
        patch(&client, &json!({ "password": NEW })).await.assert_status(200);
    }
    let refused = patch(&client, &json!({ "password": NEW })).await;
    refused.assert_error(429, "too_many_requests");
}

#[tokio::test]
async fn a_stranger_whose_address_was_mistyped_gets_few_notices() {
    let app = TestApp::with_setup(|setup| {
        let mail_to = "2/h".parse().unwrap();
        setup.limits = setup.limits.map(|limits| Rates { mail_to, ..limits });
    })
    .await;
    let client = app.signed_up(USER).await;
    for _ in 0..5 {
        patch(&client, &json!({ "password": NEW })).await.assert_status(200);
    }
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test]
async fn a_wrong_password_counts_even_after_a_recent_log_in() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let wrong = json!({ "password": NEW, "current_password": "not it at all" });
    patch(&client, &wrong)
        .await
        .assert_error(403, "reauthentication_required");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_once() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    app.signed_up("other@example.com").await;
    let body = json!({ "email": "x", "password": "short", "current_password": 7 });
    let issues = patch(&client, &body).await.issues();
    let codes: Vec<_> = issues.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes, ["invalid_email", "too_short", "invalid_type"]);
    for nothing in [
        json!({}),
        json!({ "email": null }),
        json!({ "current_password": PASSWORD }),
    ] {
        assert_eq!(
            patch(&client, &nothing).await.issues(),
            [(String::new(), "required".to_owned())]
        );
    }
    patch(&client, &json!({ "email": "Other@example.com" }))
        .await
        .assert_error(409, "email_taken");
    let same = json!({ "email": "new@example.com", "password": "new@example.com" });
    assert_eq!(
        patch(&client, &same).await.issues(),
        [("password".into(), "same_as_email".into())]
    );
}

#[tokio::test]
async fn asking_for_the_present_address_takes_a_pending_one_back() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    patch(&client, &json!({ "email": "new@example.com" }))
        .await
        .assert_status(200);
    let code = app.code_to("new@example.com").await;
    let back = patch(&client, &json!({ "email": USER })).await;
    assert_eq!(back.assert_status(200).json()["user"]["pending_email"], Value::Null);
    let verify = json!({ "code": code });
    client
        .post("/api/auth/email/verify", &verify)
        .await
        .assert_error(400, "invalid_otp");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_the_same_moment_one_session_survives() {
    let app = TestApp::new().await;
    for round in 0..20 {
        let client = app.signed_up(&format!("user{round}@example.com")).await;
        let copies: Vec<_> = (0..4).map(|_| client.copy()).collect();
        let changes: Vec<_> = copies
            .into_iter()
            .map(|copy| {
                tokio::spawn(async move {
                    let status = patch(&copy, &json!({ "password": NEW })).await.status.as_u16();
                    (status, copy)
                })
            })
            .collect();
        let mut successes = 0;
        for change in changes {
            let (status, copy) = change.await.unwrap();
            match status {
                200 => {
                    successes += 1;
                    assert_eq!(copy.session_status().await, 200);
                }
                status => assert_eq!(status, 401),
            }
        }
        assert_eq!(
            successes, 1,
            "a request under way acted through an id that was taken from it"
        );
    }
}
