//! Devices that an account has known are strangers' after a reset, a change of the password and a proof of the address.

use super::{WRONG, failures};
use crate::helpers::{ALICE, Client, PASSWORD, TestApp, TestUser};

const NEW: &str = "a new long password";
const HOME: &str = "198.51.100.20";
const THIEF: &str = "203.0.113.9";

/// An account, and the browsers in which a thief has collected device cookies of it.
async fn app_with_thief() -> (TestApp, TestUser, Vec<Client>) {
    let app = TestApp::with_limits(failures("3/h")).await;
    let alice = app.user_at(HOME, "alice").await;
    let mut collected = Vec::new();
    for _ in 0..5 {
        let browser = app.client().at(THIEF);
        browser.log_in(ALICE, PASSWORD).await.ok();
        browser.log_out().await.ok();
        collected.push(browser);
    }
    (app, alice, collected)
}

/// Asserts that strangers have three guesses, and that all the `collected` devices together have none besides.
async fn are_strangers(collected: &[Client]) {
    let mut checked = 0;
    for _ in 0..3 {
        for browser in collected {
            checked += u32::from(browser.log_in(ALICE, WRONG).await.status == 401);
        }
    }
    assert_eq!(checked, 3);
}

async fn reset(app: &TestApp) {
    let owner = app.client().at("192.0.2.1");
    owner.ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    owner.reset_password(ALICE, &code, NEW).await.ok();
}

#[tokio::test]
async fn until_then_each_device_has_guesses_of_its_own() {
    let (_app, _alice, collected) = app_with_thief().await;
    let mut checked = 0;
    for browser in &collected {
        for _ in 0..4 {
            checked += u32::from(browser.log_in(ALICE, WRONG).await.status == 401);
        }
    }
    assert_eq!(checked, 15);
}

#[tokio::test]
async fn after_a_reset_devices_are_strangers() {
    let (app, alice, mut collected) = app_with_thief().await;
    collected.push(alice.browser.clone());
    reset(&app).await;
    are_strangers(&collected).await;
    // The network of the reset is known, that of the sign-up is not any more.
    app.client().at("192.0.2.1").log_in(ALICE, NEW).await.ok();
    app.client().at(HOME).log_in(ALICE, NEW).await.throttled("failures");
}

#[tokio::test]
async fn after_a_second_reset_devices_from_between_are_strangers() {
    let (app, _, mut collected) = app_with_thief().await;
    reset(&app).await;
    let between = app.client().at("192.0.2.1");
    between.log_in(ALICE, NEW).await.ok();
    collected.push(between.at(THIEF));
    reset(&app).await;
    are_strangers(&collected).await;
}

#[tokio::test]
async fn after_a_change_of_the_password_only_the_acting_device_is_known() {
    let change = async |alice: &TestUser, path: &str| {
        if path == "PATCH" {
            let body = serde_json::json!({ "current_password": PASSWORD, "password": NEW });
            alice.update(&body).await.ok();
        } else {
            alice.change_password(PASSWORD, NEW).await.ok();
        }
    };
    for path in ["POST", "PATCH"] {
        let (app, alice, mut collected) = app_with_thief().await;
        let former = app.client().at(THIEF);
        former.set_device(alice.device());
        collected.push(former);
        change(&alice, path).await;
        are_strangers(&collected).await;
        let acting = alice.at("192.0.2.77");
        acting.log_in_with(NEW).await.ok();
    }
}

#[tokio::test]
async fn after_a_proof_of_the_address_only_the_acting_device_is_known() {
    let (app, alice, collected) = app_with_thief().await;
    alice.send_email_code().await.ok();
    alice.verify_email(&app.code_to(ALICE).await).await.ok();
    are_strangers(&collected).await;
    alice.at("192.0.2.77").log_in().await.ok();
    app.client()
        .at("198.18.0.1")
        .log_in(ALICE, PASSWORD)
        .await
        .throttled("failures");
}

#[tokio::test]
async fn a_request_to_change_the_address_proves_nothing() {
    let (app, alice, collected) = app_with_thief().await;
    alice.change_email("thief@example.com").await.ok();
    app.code_to("thief@example.com").await;
    for browser in &collected {
        browser.log_in(ALICE, PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn a_device_that_logs_in_afterwards_is_known_again() {
    let (app, alice, collected) = app_with_thief().await;
    reset(&app).await;
    alice.log_in_with(NEW).await.ok();
    are_strangers(&collected).await;
    alice.at("192.0.2.77").log_in_with(NEW).await.ok();
}
