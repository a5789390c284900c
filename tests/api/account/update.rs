//! `PATCH /api/users/{user_id}`.

use chrono::TimeDelta;
use neptun_auth::model::limit::Rates;
use serde_json::{Value, json};

use crate::helpers::{ALICE, PASSWORD, TestApp, at_once, limits};

const NEW: &str = "a new long password";

#[tokio::test]
async fn the_path_may_name_the_account_by_its_id_instead_of_me() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let id = alice.session().await["user"]["id"].as_str().unwrap().to_owned();
    let elsewhere = alice.elsewhere().await;
    let copy = alice.copy();

    let body = json!({ "password": NEW, "current_password": PASSWORD });
    let changed = alice.send_json("PATCH", &format!("/api/users/{id}"), &body).await;
    let expected = json!({
        "id": id, "primary_email": ALICE, "email_verified": false, "pending_email": null,
        "username": null, "first_name": "", "last_name": "", "number_phone": null
    });
    assert_eq!(changed.ok().json()["user"], expected);
    assert!(alice.is_signed_in().await);
    assert!(!copy.is_signed_in().await, "the session gets a new id");
    assert!(!elsewhere.is_signed_in().await);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    app.log_in(ALICE, NEW).await.ok();
}

#[tokio::test]
async fn it_needs_the_password_or_a_log_in_within_ten_minutes() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
    alice.update(&json!({ "password": NEW })).await.ok();
    app.clock.advance(TimeDelta::seconds(1));
    // The change gave the session a new id and not a new log-in.
    alice
        .update(&json!({ "password": PASSWORD }))
        .await
        .fails(403, "reauthentication_required");
    alice
        .change_email("x@example.com")
        .await
        .fails(403, "reauthentication_required");
    let wrong = json!({ "password": PASSWORD, "current_password": "not it at all" });
    assert_eq!(alice.update(&wrong).await.issues(), ["current_password: incorrect"]);
    let right = json!({ "password": PASSWORD, "current_password": NEW });
    alice.update(&right).await.ok();
}

#[tokio::test]
async fn changes_of_one_account_are_limited_like_its_mails() {
    let mail = "3/h".parse().unwrap();
    let app = TestApp::with_limits(Rates {
        mail,
        ..limits("1000000/h")
    })
    .await;
    let alice = app.user("alice").await;
    for _ in 0..3 {
        alice.update(&json!({ "password": NEW })).await.ok();
    }
    let answer = alice.update(&json!({ "password": NEW })).await;
    answer.fails(429, "too_many_requests");
}

#[tokio::test]
async fn one_address_gets_two_notices_an_hour_if_that_is_the_limit() {
    let mail_to = "2/h".parse().unwrap();
    let app = TestApp::with_limits(Rates {
        mail_to,
        ..limits("1000000/h")
    })
    .await;
    let alice = app.user("alice").await;
    for _ in 0..5 {
        alice.update(&json!({ "password": NEW })).await.ok();
    }
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test]
async fn a_wrong_password_counts_even_after_a_recent_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let wrong = json!({ "password": NEW, "current_password": "not it at all" });
    assert_eq!(alice.update(&wrong).await.issues(), ["current_password: incorrect"]);
}

#[tokio::test]
async fn every_failing_field_is_listed_at_once() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.user("bob").await;
    let body = json!({ "email": "x", "password": "short", "current_password": 7 });
    let issues = alice.update(&body).await.issues();
    assert_eq!(
        issues,
        [
            "email: invalid_email",
            "password: too_short",
            "current_password: invalid_type"
        ]
    );
    for nothing in [
        json!({}),
        json!({ "email": null }),
        json!({ "current_password": PASSWORD }),
    ] {
        assert_eq!(alice.update(&nothing).await.issues(), ["required"]);
    }
    alice.change_email("Bob@example.com").await.fails(409, "email_taken");
    let same = json!({ "email": "new@example.com", "password": "new@example.com" });
    assert_eq!(alice.update(&same).await.issues(), ["password: same_as_email"]);
}

#[tokio::test]
async fn asking_for_the_current_address_cancels_a_pending_change() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.change_email("new@example.com").await.ok();
    let code = app.code_to("new@example.com").await;
    let back = alice.change_email(ALICE).await;
    assert_eq!(back.ok().json()["user"]["pending_email"], Value::Null);
    alice.verify_email(&code).await.fails(400, "invalid_otp");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_changes_at_once_by_one_session_one_succeeds() {
    let app = TestApp::new().await;
    for round in 0..20 {
        let user = app.user(&format!("user{round}")).await;
        let changes = at_once(4, |_| {
            let tab = user.copy();
            async move { (tab.update(&json!({ "password": NEW })).await, tab) }
        });
        let mut successes = 0;
        for (answer, tab) in changes.await {
            if answer.status == 200 {
                successes += 1;
                assert!(tab.is_signed_in().await);
            } else {
                answer.assert_status(401);
            }
        }
        assert_eq!(
            successes, 1,
            "a request acted by an id that the first change had replaced"
        );
    }
}
