//! `PATCH /api/users/me` with user name, names and telephone number.

use chrono::TimeDelta;
use neptun_auth::model::limit::Rates;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, at_once, limits};

#[tokio::test]
async fn the_profile_changes_at_once_needs_no_fresh_proof_and_ends_no_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.elsewhere().await;
    app.clock.advance(TimeDelta::minutes(11));
    let body = json!({ "username": "Alice", "first_name": "Alice", "last_name": "Doe", "number_phone": "5551234567" });
    let secret = alice.secret();
    let changed = alice.update(&body).await;
    let user = changed.ok().json()["user"].clone();
    assert_eq!(
        (&user["username"], &user["first_name"]),
        (&json!("Alice"), &json!("Alice"))
    );
    assert_eq!(
        (&user["last_name"], &user["number_phone"]),
        (&json!("Doe"), &json!("5551234567"))
    );
    assert_eq!(alice.secret(), secret);
    assert!(alice.is_signed_in().await && elsewhere.is_signed_in().await);
    // The token API knows the account by its new name.
    let tokens = json!({ "username": "alice", "password": PASSWORD });
    let pair = app.client().post("/api/token/", &tokens).await.ok().tokens();
    let me = app.client().get_as("/api/me/", &pair.access).await.ok().json();
    assert_eq!(
        (&me["username"], &me["number_phone"]),
        (&json!("Alice"), &json!("5551234567"))
    );
}

#[tokio::test]
async fn a_field_that_is_left_out_or_null_stays_and_an_empty_text_clears_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let body = json!({ "username": "alice", "first_name": "Alice", "last_name": "Doe", "number_phone": "1" });
    alice.update(&body).await.ok();
    let body = json!({ "first_name": "", "last_name": null, "number_phone": "" });
    let user = alice.update(&body).await.ok().json()["user"].clone();
    assert_eq!(user["username"], "alice");
    assert_eq!(user["first_name"], "");
    assert_eq!(user["last_name"], "Doe");
    assert_eq!(user["number_phone"], json!(null));
}

#[tokio::test]
async fn a_user_name_belongs_to_one_account() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.update(&json!({ "username": "jane" })).await.ok();
    bob.update(&json!({ "username": "JANE" }))
        .await
        .fails(409, "username_taken");
    // One's own name may be written in another way.
    alice.update(&json!({ "username": "Jane" })).await.ok();
    for name in ["bob@example.com", ALICE] {
        let answer = alice.update(&json!({ "username": name })).await;
        if name == ALICE {
            answer.ok();
        } else {
            assert_eq!(answer.issues(), ["username: invalid_characters"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_accounts_that_take_a_name_at_once_one_gets_it() {
    let app = TestApp::new().await;
    let mut users = Vec::new();
    for number in 0..8 {
        users.push(app.user(&format!("user{number}")).await);
    }
    let answers = at_once(8, |number| {
        let browser = users[number].browser.clone();
        async move { browser.update(&json!({ "username": "jane" })).await.status.as_u16() }
    });
    let mut answers = answers.await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn profile_and_address_change_together_or_not_at_all() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    bob.update(&json!({ "username": "jane" })).await.ok();
    let both = json!({ "email": "new@example.com", "username": "jane", "first_name": "Alice" });
    alice.update(&both).await.fails(409, "username_taken");
    let account = alice.export().await.ok().json()["account"].clone();
    assert_eq!(
        (&account["pending_email"], &account["first_name"]),
        (&json!(null), &json!(""))
    );
    let both = json!({ "email": "new@example.com", "username": "alice", "first_name": "Alice" });
    let user = alice.update(&both).await.ok().json()["user"].clone();
    assert_eq!(user["pending_email"], "new@example.com");
    assert_eq!(
        (&user["username"], &user["first_name"]),
        (&json!("alice"), &json!("Alice"))
    );
}

#[tokio::test]
async fn every_failing_field_is_listed_at_once() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let long = "x".repeat(151);
    let body = json!({ "username": "a b", "first_name": long, "last_name": 7, "number_phone": "01234567890" });
    let issues = alice.update(&body).await.issues();
    let expected = [
        "username: invalid_characters",
        "first_name: too_long",
        "last_name: invalid_type",
        "number_phone: too_long",
    ];
    assert_eq!(issues, expected);
    assert_eq!(
        alice.update(&json!({ "username": "" })).await.issues(),
        ["username: invalid_characters"]
    );
}

#[tokio::test]
async fn changes_of_a_profile_are_limited() {
    let rates = Rates {
        mail: "3/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(rates).await;
    let alice = app.user("alice").await;
    for _ in 0..3 {
        alice.update(&json!({ "first_name": "Alice" })).await.ok();
    }
    let fourth = alice.update(&json!({ "first_name": "Alice" })).await;
    fourth.fails(429, "too_many_requests");
}
