//! The limit of all networks together. Attackers can use it up, so it rejects no client at a device or network that an
//! account knows.

use neptun_auth::model::limit::Rates;
use serde_json::json;

use super::WRONG;
use crate::helpers::{ALICE, Answer, PASSWORD, TestApp, limits};

const HOME: &str = "198.51.100.20";
const NEAR_HOME: &str = "198.51.100.77";
const AWAY: &str = "192.0.2.1";
const STRANGER: &str = "198.19.0.1";

async fn app(change: impl FnOnce(&mut Rates)) -> TestApp {
    let mut rates = limits("1000000/h");
    change(&mut rates);
    TestApp::with_limits(rates).await
}

/// A hundred IPv4 addresses, or ten IPv6 sites of which each counts ten times.
fn attackers() -> [Vec<String>; 2] {
    let addresses = (0..100).map(|number| format!("203.0.{number}.9")).collect();
    let sites = (0..100).map(|number| format!("2001:db8:{:x}:{number:x}::1", number % 10));
    [addresses, sites.collect()]
}

#[tokio::test]
async fn all_networks_together_have_a_hundred_times_the_limit_and_known_clients_are_exempt() {
    let app = app(|rates| rates.log_in = "2/h".parse().unwrap()).await;
    let home = "198.51.100.20";
    let alice = app.user_at(home, "alice").await;
    for number in 0..200 {
        let client = app.client().at(&format!("203.0.{number}.9"));
        let email = format!("user{number}@example.com");
        client.log_in(&email, WRONG).await.assert_status(401);
    }
    let unknown = app.client().at("192.0.2.1");
    unknown.log_in(ALICE, PASSWORD).await.throttled("log-in");
    let known_network = app.client().at(home);
    known_network.log_in(ALICE, PASSWORD).await.ok();
    let known_device = alice.at("192.0.2.1");
    known_device.log_in().await.ok();
    // A code has budgets of guesses of its own, wherever it is entered.
    app.client().at(home).ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    let elsewhere = app.client().at(STRANGER);
    elsewhere.reset_password(ALICE, &code, "a new long password").await.ok();
}

#[tokio::test]
async fn requests_for_mail_from_anywhere_leave_the_owner_reset_and_confirmation() {
    for attackers in attackers() {
        let app = app(|rates| rates.mail = "3/h".parse().unwrap()).await;
        let alice = app.user_at(HOME, "alice").await;
        for (number, ip) in attackers.iter().enumerate() {
            for round in 0..3 {
                let email = format!("user{number}.{round}@example.com");
                app.client().at(ip).ask_for_reset(&email).await.ok();
            }
        }
        let stranger = app.client().at(STRANGER);
        // The same for an address with an account and for one without.
        stranger.ask_for_reset(ALICE).await.throttled("mail");
        stranger.ask_for_reset("unknown@example.com").await.throttled("mail");

        let known_network = app.client().at(NEAR_HOME);
        known_network.ask_for_reset(ALICE).await.ok();
        app.code_to(ALICE).await;
        let known_device = alice.at(AWAY);
        known_device.ask_for_reset(ALICE).await.ok();
        let code = app.code_to(ALICE).await;
        known_device.reset_password(ALICE, &code, PASSWORD).await.ok();
        known_device.log_in().await.ok();

        let bob = app.user_at("192.0.2.77", "bob").await;
        bob.send_email_code().await.ok();
        let code = app.code_to(&bob.email).await;
        bob.at("198.18.0.1").verify_email(&code).await.ok();
        bob.change_email("robert@example.com").await.ok();
        app.code_to("robert@example.com").await;
    }
}

#[tokio::test]
async fn sign_ups_from_anywhere_leave_the_sign_up_open_where_an_account_is_known() {
    let app = app(|rates| rates.sign_up = "2/h".parse().unwrap()).await;
    let alice = app.user_at(HOME, "alice").await;
    let question = async |ip: &str, number: usize| {
        let body = json!({ "email": format!("user{number}@example.com") });
        app.client().at(ip).post("/api/sign-up/", &body).await
    };
    let sign_up = async |ip: &str, number: usize| {
        let email = format!("user{number}@example.com");
        app.client().at(ip).sign_up(&email, PASSWORD).await
    };
    for number in 0..200 {
        let ip = format!("203.0.{}.9", number / 2);
        question(&ip, number).await.assert_status(400);
        if number < 199 {
            sign_up(&ip, number).await.ok();
        }
    }
    question(STRANGER, 300).await.retry_after("sign-up");
    sign_up(STRANGER, 300).await.throttled("sign-up");

    question(NEAR_HOME, 301).await.assert_status(400);
    sign_up(NEAR_HOME, 301).await.ok();
    // A session asks whether an address is free, from wherever it is used.
    let session = alice.copy().at(STRANGER);
    session.change_email("robert@example.com").await.ok();
    alice.at(AWAY).sign_up("another@example.com", PASSWORD).await.ok();
    // A device that was never ours is a stranger.
    let forged = app.client().at(STRANGER);
    forged.set_device(Some("neptun-device=AAAA".to_owned()));
    forged
        .sign_up("forged@example.com", PASSWORD)
        .await
        .throttled("sign-up");
}

#[tokio::test]
async fn what_another_limit_rejects_does_not_count_for_all_networks() {
    let app = app(|rates| {
        rates.log_in = "2/h".parse().unwrap();
        rates.mail = "2/h".parse().unwrap();
        rates.sign_up = "2/h".parse().unwrap();
        rates.mail_to = "1/h".parse().unwrap();
    })
    .await;
    let attacker = app.client().at("203.0.113.9");
    let is_rejected = |answer: Answer| u32::from(answer.status == 429);
    let mut rejected = 0;
    for number in 0..250 {
        let email = format!("user{number}@example.com");
        rejected += is_rejected(attacker.log_in(&email, WRONG).await);
        rejected += is_rejected(attacker.ask_for_reset(&email).await);
        rejected += is_rejected(attacker.sign_up(&email, "short and common").await);
    }
    // Of each network one request is allowed; the address gets one mail, whatever network asks.
    for number in 0..250 {
        let elsewhere = app.client().at(&format!("198.18.{number}.1"));
        rejected += is_rejected(elsewhere.ask_for_reset("user0@example.com").await);
    }
    assert!(rejected >= 900, "{rejected}");
    let stranger = app.client().at(STRANGER);
    stranger.log_in("unknown@example.com", WRONG).await.assert_status(401);
    stranger.ask_for_reset("unknown@example.com").await.ok();
    stranger.sign_up("new@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn codes_to_confirm_an_address_are_limited_by_network_account_and_address() {
    let app = app(|rates| {
        rates.mail = "4/h".parse().unwrap();
        rates.mail_to = "2/h".parse().unwrap();
    })
    .await;
    let alice = app.user_at(HOME, "alice").await;
    let strangers = app.client().at(STRANGER);
    for _ in 0..2 {
        strangers.ask_for_reset(ALICE).await.ok();
    }
    strangers.ask_for_reset(ALICE).await.throttled("mail-to");
    // Mails that strangers ask for don't use up the owner's.
    for _ in 0..2 {
        alice.send_email_code().await.ok();
    }
    alice.send_email_code().await.throttled("mail-to");
    alice.change_email("new@example.com").await.ok();
    // Neither another network nor another address is a way around the account's limit.
    let elsewhere = alice.at(AWAY);
    elsewhere.change_email("newer@example.com").await.throttled("mail");
}
