//! How long accounts stay that were made for guests who do not come.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::Operator;
use super::command_line::print;
use super::invitations::{NEW, closed, key_of_alice, tidy};
use crate::helpers::{ALICE, TestApp};

const BOB: &str = "bob@example.com";
const CAROL: &str = "carol@example.com";

/// The addresses of all accounts.
async fn accounts(operator: &Operator) -> Vec<String> {
    let list = operator.get("/users").await.ok().json();
    let users = list["users"].as_array().unwrap().iter();
    let mut addresses: Vec<_> = users.map(|user| user["email"].as_str().unwrap().to_owned()).collect();
    addresses.sort_unstable();
    addresses
}

async fn days_later(app: &TestApp, days: i64) {
    app.clock.advance(TimeDelta::days(days));
    tidy(app).await;
}

/// The copy may be older than the guest's first log-in, so the account is not deleted at once.
#[tokio::test]
async fn a_restored_guest_has_seven_days_without_the_old_key() {
    let (app, _) = closed().await;
    // The command takes the time from the machine.
    app.clock.advance(Utc::now() - app.app.clock.now());
    let operator = app.operator().await;
    let made = operator.post("/users", &json!({"email": "made@example.com"})).await;
    made.assert_status(201);
    for guest in [BOB, CAROL, ALICE] {
        operator.invite(guest).await.assert_status(201);
    }
    let key = key_of_alice(&app).await;
    app.clock.advance(TimeDelta::days(1));
    print(&app, &["restore", "--in-place", "--yes"]);
    let operator = app.operator().await;
    let late = app.client().reset_password_with_key(&key, NEW).await;
    late.fails(400, "invalid_otp");
    days_later(&app, 5).await;
    assert_eq!(accounts(&operator).await, [ALICE, BOB, CAROL, "made@example.com"]);
    operator.invite(BOB).await.assert_status(201);
    app.client().ask_for_reset(CAROL).await.ok();
    let code = app.code_to(CAROL).await;
    app.client().reset_password(CAROL, &code, NEW).await.ok();
    days_later(&app, 2).await;
    assert_eq!(accounts(&operator).await, [BOB, CAROL, "made@example.com"]);
    days_later(&app, 6).await;
    assert_eq!(accounts(&operator).await, [CAROL, "made@example.com"]);
}

#[tokio::test]
async fn a_guest_that_is_enabled_again_has_seven_days_without_the_old_key() {
    let (app, operator) = closed().await;
    for guest in [BOB, ALICE] {
        operator.invite(guest).await.assert_status(201);
    }
    let key = key_of_alice(&app).await;
    for guest in [ALICE, BOB] {
        operator.disable(guest, true).await;
    }
    days_later(&app, 30).await;
    for guest in [ALICE, BOB] {
        operator.disable(guest, false).await;
    }
    tidy(&app).await;
    let late = app.client().reset_password_with_key(&key, NEW).await;
    late.fails(400, "invalid_otp");
    days_later(&app, 6).await;
    operator.invite(BOB).await.assert_status(201);
    assert_eq!(accounts(&operator).await, [ALICE, BOB]);
    days_later(&app, 1).await;
    assert_eq!(accounts(&operator).await, [BOB]);
    days_later(&app, 6).await;
    assert!(accounts(&operator).await.is_empty());
}

#[tokio::test]
async fn a_recovery_link_that_an_operator_hands_over_outlives_the_invitation() {
    let (app, operator) = closed().await;
    for guest in [ALICE, BOB] {
        operator.invite(guest).await.assert_status(201);
    }
    app.clock.advance(TimeDelta::days(6) + TimeDelta::hours(23));
    let mut keys = Vec::new();
    for guest in [ALICE, BOB] {
        let path = format!("{}/recovery", operator.path_of(guest).await);
        let made = operator.post(&path, &json!({})).await.assert_status(201).json();
        keys.push(made["key"].as_str().unwrap().to_owned());
    }
    app.clock.advance(TimeDelta::hours(22));
    tidy(&app).await;
    assert_eq!(accounts(&operator).await, [ALICE, BOB]);
    app.client().reset_password_with_key(&keys[0], NEW).await.ok();
    app.clock.advance(TimeDelta::hours(2));
    tidy(&app).await;
    assert_eq!(accounts(&operator).await, [ALICE], "Bob has not come");
    app.client().log_in(ALICE, NEW).await.ok();
}

impl Operator {
    async fn path_of(&self, email: &str) -> String {
        let found = self.get(&format!("/users?query={email}")).await.ok().json();
        format!("/users/{}", found["users"][0]["id"].as_str().unwrap())
    }

    async fn disable(&self, email: &str, disabled: bool) {
        let path = self.path_of(email).await;
        self.patch(&path, &json!({"disabled": disabled})).await.ok();
    }
}
