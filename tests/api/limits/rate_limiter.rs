//! The rate limiter in memory: what a network, a session and an account may do in a period. `V…` numbers the defects of
//! other services that these tests repeat.

use chrono::TimeDelta;
use neptun_auth::model::limit::Rates;
use serde_json::json;

use super::WRONG;
use crate::helpers::{ALICE, Client, PASSWORD, TestApp, limits};

async fn app(change: impl FnOnce(&mut Rates)) -> TestApp {
    let mut rates = limits("1000000/h");
    change(&mut rates);
    TestApp::with_limits(rates).await
}

#[tokio::test]
async fn a_network_makes_three_accounts_at_once_and_then_one_every_twenty_minutes() {
    let app = app(|rates| rates.sign_up = "3/h".parse().unwrap()).await;
    let client = app.client().at("203.0.113.9");
    for number in 0..3 {
        let email = format!("user{number}@example.com");
        client.sign_up(&email, PASSWORD).await.ok();
    }
    let fourth = client.sign_up("user3@example.com", PASSWORD).await;
    assert_eq!(fourth.throttled("sign-up"), 1200);
    // The limit also bounds how often a client can ask whether an address is taken.
    client.sign_up("user0@example.com", PASSWORD).await.throttled("sign-up");
    app.user_at("203.0.113.10", "user3").await;
    app.clock.advance(TimeDelta::seconds(1200));
    client.sign_up("user4@example.com", PASSWORD).await.ok();
    client.sign_up("user5@example.com", PASSWORD).await.throttled("sign-up");
}

#[tokio::test]
async fn incomplete_sign_ups_count_because_they_tell_whether_an_address_is_taken() {
    let app = app(|rates| rates.sign_up = "5/h".parse().unwrap()).await;
    let client = app.client();
    let question = json!({ "email": ALICE });
    for _ in 0..5 {
        client.post("/api/sign-up/", &question).await.assert_status(400);
    }
    client.post("/api/sign-up/", &question).await.retry_after("sign-up");
}

/// V23.
#[tokio::test]
async fn a_success_does_not_refill_the_bucket_of_its_network() {
    let app = app(|rates| rates.log_in = "5/h".parse().unwrap()).await;
    let attacker = app.user("attacker").await;
    let log_in = async |email: &str, password: &str| {
        let client = app.client().at("203.0.113.9");
        client.log_in(email, password).await
    };
    for number in 0..4 {
        let email = format!("user{number}@example.com");
        log_in(&email, WRONG).await.assert_status(401);
    }
    log_in(&attacker.email, PASSWORD).await.ok();
    log_in("user5@example.com", WRONG).await.throttled("log-in");
}

/// V25: without trusted proxies in the settings, headers about the client's address do not count.
#[tokio::test]
async fn no_header_makes_a_client_another_network_and_no_address_is_a_network_too() {
    let app = app(|rates| rates.log_in = "3/h".parse().unwrap()).await;
    for (first, second) in [
        (app.client().at("203.0.113.9"), app.client().at("203.0.113.9")),
        (
            app.client().at("2001:db8:1:2::1"),
            app.client().at("2001:db8:1:2:ffff::9"),
        ),
        (app.client(), app.client()),
    ] {
        for number in 0..3 {
            let email = format!("user{number}@example.com");
            first.log_in(&email, WRONG).await.assert_status(401);
        }
        for (name, value) in [
            ("x-forwarded-for", "198.51.100.7"),
            ("x-forwarded-for", "not an address, , ;"),
            ("x-forwarded-for", ""),
            ("x-real-ip", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
            ("fly-client-ip", "198.51.100.7"),
        ] {
            let body = json!({ "email": "another@example.com", "password": WRONG });
            let header = [(name, value)];
            let answer = second.send_json_with("POST", "/api/auth/login", &header, &body).await;
            answer.throttled("log-in");
        }
    }
}

#[tokio::test]
async fn a_session_refreshes_its_tokens_three_times_a_minute_if_that_is_the_limit() {
    let app = app(|rates| rates.refresh = "3/m".parse().unwrap()).await;
    let alice = app.user("alice").await;
    let client = app.client();
    let mut tokens = alice.tokens().await;
    for _ in 0..3 {
        tokens = client.refresh(&tokens.refresh).await.ok().tokens();
    }
    let fourth = client.refresh(&tokens.refresh).await;
    assert_eq!(fourth.retry_after("refresh"), 20);
    assert_eq!(fourth.json()["code"], "throttled");
    app.clock.advance(TimeDelta::seconds(20));
    client.refresh(&tokens.refresh).await.ok();
}

#[tokio::test]
async fn invalid_refresh_tokens_do_not_use_up_the_limit_of_valid_ones() {
    let app = app(|rates| rates.refresh = "3/m".parse().unwrap()).await;
    let alice = app.user("alice").await;
    let client = app.client().at("203.0.113.9");
    let tokens = alice.tokens().await;
    for _ in 0..3 {
        client.refresh("garbage").await.assert_status(401);
    }
    client.refresh("garbage").await.retry_after("refresh");
    client.refresh(&tokens.refresh).await.ok();
}

#[tokio::test]
async fn all_networks_of_one_ipv6_site_together_have_ten_times_the_limit_of_one() {
    let app = app(|rates| rates.log_in = "2/h".parse().unwrap()).await;
    let wrong = async |network: &str| {
        let client = app.client().at(&format!("{network}::1"));
        client.log_in("unknown@example.com", WRONG).await
    };
    for number in 0..20 {
        wrong(&format!("2001:db8:1:{number:x}")).await.assert_status(401);
    }
    wrong("2001:db8:1:ffff").await.throttled("log-in");
    wrong("2001:db8:2:1").await.assert_status(401);
}

#[tokio::test]
async fn all_devices_of_one_account_together_have_three_times_the_limit_of_one() {
    let app = app(|rates| rates.log_in = "2/h".parse().unwrap()).await;
    let alice = app.user_at("203.0.113.0", "alice").await;
    let mut devices = vec![Client::clone(&alice)];
    for ip in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        let device = app.client().at(ip);
        device.log_in(ALICE, PASSWORD).await.ok();
        devices.push(device);
    }
    for device in &devices[..3] {
        for _ in 0..2 {
            device.log_in(ALICE, WRONG).await.assert_status(401);
        }
    }
    devices[3].log_in(ALICE, WRONG).await.throttled("log-in");
}

#[tokio::test]
async fn mails_count_for_the_network_that_asks_and_for_the_address_that_gets_them() {
    let app = app(|rates| {
        rates.mail = "4/h".parse().unwrap();
        rates.mail_to = "2/h".parse().unwrap();
    })
    .await;
    let ask = async |ip: &str, to: &str| app.client().at(ip).ask_for_reset(to).await;
    ask("203.0.113.1", ALICE).await.ok();
    ask("203.0.113.2", " ALICE@Example.com").await.ok();
    ask("203.0.113.3", ALICE).await.throttled("mail-to");
    for number in 0..4 {
        ask("203.0.113.9", &format!("user{number}@example.com")).await.ok();
    }
    ask("203.0.113.9", "user5@example.com").await.throttled("mail");
}
