//! The quick brake: how often one network may do what, and all together.

use chrono::TimeDelta;
use neptun_auth::flows::steps::allow_mail::allow_mail;
use neptun_auth::model::client::Client as Origin;
use neptun_auth::model::limit::Rates;
use neptun_auth::model::limit::throttled::Throttled;
use neptun_auth::model::user::email::Email;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use super::WRONG;
use crate::helpers::{PASSWORD, TestApp, limits};

async fn app(change: impl FnOnce(&mut Rates)) -> TestApp {
    let mut rates = limits("1000000/h");
    change(&mut rates);
    TestApp::with_limits(rates).await
}

#[tokio::test]
async fn a_network_makes_so_many_accounts_and_then_one_at_a_time() {
    let app = app(|rates| rates.sign_up = "3/h".parse().unwrap()).await;
    let client = app.client().at("203.0.113.9");
    for number in 0..3 {
        client
            .sign_up(&format!("user{number}@example.com"), PASSWORD)
            .await
            .assert_status(200);
    }
    let refused = client.sign_up("user3@example.com", PASSWORD).await;
    assert_eq!(refused.assert_throttled("sign-up"), 1200);
    // Asking for what is taken is limited with it, in both APIs.
    client
        .sign_up("user0@example.com", PASSWORD)
        .await
        .assert_throttled("sign-up");
    app.client()
        .at("203.0.113.10")
        .sign_up("user3@example.com", PASSWORD)
        .await
        .assert_status(200);
    app.clock.advance(TimeDelta::seconds(1200));
    client.sign_up("user4@example.com", PASSWORD).await.assert_status(200);
    client
        .sign_up("user5@example.com", PASSWORD)
        .await
        .assert_throttled("sign-up");
}

#[tokio::test]
async fn an_incomplete_sign_up_can_not_ask_for_taken_addresses_without_end() {
    let app = app(|rates| rates.sign_up = "5/h".parse().unwrap()).await;
    let client = app.client();
    let question = json!({ "email": "user@example.com" });
    for _ in 0..5 {
        client.post("/api/sign-up/", &question).await.assert_status(400);
    }
    client.post("/api/sign-up/", &question).await.waiting("sign-up");
}

/// V23.
#[tokio::test]
async fn a_success_gives_its_network_nothing_back() {
    let app = app(|rates| rates.log_in = "5/h".parse().unwrap()).await;
    app.signed_up("attacker@example.com").await;
    for number in 0..4 {
        let email = format!("user{number}@example.com");
        app.client()
            .at("203.0.113.9")
            .log_in(&email, WRONG)
            .await
            .assert_status(401);
    }
    let own = app
        .client()
        .at("203.0.113.9")
        .log_in("attacker@example.com", PASSWORD)
        .await;
    own.assert_status(200);
    let next = app.client().at("203.0.113.9").log_in("user5@example.com", WRONG).await;
    next.assert_throttled("log-in");
}

/// V25: without proxies in the settings nobody's word about an address counts, and none is no way around the limit.
#[tokio::test]
async fn no_header_and_no_address_makes_another_network() {
    let app = app(|rates| rates.log_in = "3/h".parse().unwrap()).await;
    for (address, others) in [
        (Some("203.0.113.9"), "203.0.113.9"),
        (Some("2001:db8:1:2::1"), "2001:db8:1:2:ffff::9"),
        (None, ""),
    ] {
        let client = |ip: &str| match address {
            Some(_) => app.client().at(ip),
            None => app.client(),
        };
        for number in 0..3 {
            let email = format!("user{number}@example.com");
            client(address.unwrap_or_default())
                .log_in(&email, WRONG)
                .await
                .assert_status(401);
        }
        for (name, value) in [
            ("x-forwarded-for", "198.51.100.7"),
            ("x-forwarded-for", "not an address, , ;"),
            ("x-forwarded-for", ""),
            ("x-real-ip", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
            ("fly-client-ip", "198.51.100.7"),
        ] {
            let headers = [("content-type", "application/json"), (name, value)];
            let body = json!({ "email": "another@example.com", "password": WRONG }).to_string();
            let answer = client(others)
                .send(Method::POST, "/api/auth/login", &headers, Body::from(body))
                .await;
            answer.assert_throttled("log-in");
        }
    }
}

#[tokio::test]
async fn all_networks_together_have_a_hundred_times_as_much() {
    let app = app(|rates| rates.log_in = "2/h".parse().unwrap()).await;
    let known = app.client().at("198.51.100.20");
    known.sign_up("user@example.com", PASSWORD).await.assert_status(200);
    for number in 0..200 {
        let client = app.client().at(&format!("203.0.{number}.9"));
        client
            .log_in(&format!("user{number}@example.com"), WRONG)
            .await
            .assert_status(401);
    }
    app.client()
        .at("192.0.2.1")
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_throttled("log-in");
    let home = app.client().at("198.51.100.20");
    home.log_in("user@example.com", PASSWORD).await.assert_status(200);
    known
        .at("192.0.2.1")
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn refresh_tokens_are_exchanged_so_often() {
    let app = app(|rates| rates.refresh = "3/m".parse().unwrap()).await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    let mut tokens = client.token_pair("user@example.com", PASSWORD).await;
    for _ in 0..3 {
        tokens = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
    }
    let refused = client.refresh(&tokens.refresh).await;
    assert_eq!(refused.waiting("refresh"), 20);
    assert_eq!(refused.json()["code"], "throttled");
    app.clock.advance(TimeDelta::seconds(20));
    client.refresh(&tokens.refresh).await.assert_status(200);
}

#[tokio::test]
async fn garbage_keeps_nobody_from_refreshing() {
    let app = app(|rates| rates.refresh = "3/m".parse().unwrap()).await;
    app.signed_up("user@example.com").await;
    let client = app.client().at("203.0.113.9");
    let tokens = client.token_pair("user@example.com", PASSWORD).await;
    for _ in 0..3 {
        client.refresh("garbage").await.assert_status(401);
    }
    client.refresh("garbage").await.waiting("refresh");
    client.refresh(&tokens.refresh).await.assert_status(200);
}

#[tokio::test]
async fn the_networks_of_one_ipv6_site_may_ten_times_what_one_may() {
    let app = app(|rates| rates.log_in = "2/h".parse().unwrap()).await;
    let wrong = async |network: &str| {
        let client = app.client().at(&format!("{network}::1"));
        client.log_in("nobody@example.com", WRONG).await
    };
    for number in 0..20 {
        wrong(&format!("2001:db8:1:{number:x}")).await.assert_status(401);
    }
    wrong("2001:db8:1:ffff").await.assert_throttled("log-in");
    wrong("2001:db8:2:1").await.assert_status(401);
}

#[tokio::test]
async fn an_account_gains_nothing_by_collecting_device_cookies() {
    let app = app(|rates| rates.log_in = "2/h".parse().unwrap()).await;
    let mut devices = Vec::new();
    for number in 0..4 {
        let client = app.client().at(&format!("203.0.113.{number}"));
        match number {
            0 => client.sign_up("user@example.com", PASSWORD).await.assert_status(200),
            _ => client.log_in("user@example.com", PASSWORD).await.assert_status(200),
        };
        devices.push(client);
    }
    // Six checks are three times what one device may.
    for client in &devices[..3] {
        for _ in 0..2 {
            client.log_in("user@example.com", WRONG).await.assert_status(401);
        }
    }
    devices[3]
        .log_in("user@example.com", WRONG)
        .await
        .assert_throttled("log-in");
}

#[tokio::test]
async fn mails_are_counted_for_who_causes_them_and_for_who_gets_them() {
    let app = app(|rates| {
        rates.mail = "4/h".parse().unwrap();
        rates.mail_to = "2/h".parse().unwrap();
    })
    .await;
    let ask = async |ip: &str, to: &str| {
        let origin = Origin::new(Some(ip.parse().unwrap()), None, None);
        let to = Email::parse(to).unwrap();
        let refused = allow_mail(&app.app, &origin, &to).await.err();
        refused.map(|error| Throttled::in_chain(&error).unwrap().limit)
    };
    assert_eq!(ask("203.0.113.1", "user@example.com").await, None);
    assert_eq!(ask("203.0.113.2", " USER@Example.com").await, None);
    assert_eq!(ask("203.0.113.3", "user@example.com").await, Some("mail-to"));
    for number in 0..4 {
        assert_eq!(ask("203.0.113.9", &format!("user{number}@example.com")).await, None);
    }
    assert_eq!(ask("203.0.113.9", "user5@example.com").await, Some("mail"));
}
