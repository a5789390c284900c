//! F19: limits must not keep out the people they protect.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use neptun_auth::model::limit::Rates;

use super::{WRONG, failures};
use crate::helpers::{Client, PASSWORD, TestApp, limits};

const HOME: &str = "198.51.100.20";
/// Another address of the same provider.
const NEAR_HOME: &str = "198.51.100.77";

async fn signed_up_at(app: &TestApp, ip: &str, email: &str) -> Client {
    let client = app.client().at(ip);
    client.sign_up(email, PASSWORD).await.assert_status(200);
    client
}

async fn log_in_at(app: &TestApp, ip: &str, password: &str) -> u16 {
    app.client()
        .at(ip)
        .log_in("victim@example.com", password)
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_flood_on_one_account_from_many_networks_leaves_its_owner_in() {
    let app = TestApp::with_limits(failures("10/15m")).await;
    let victim = signed_up_at(&app, HOME, "victim@example.com").await;
    victim.log_out().await.assert_status(200);
    let mut looked_at = 0;
    for number in 0..200 {
        let status = log_in_at(&app, &format!("203.0.{}.9", number % 256), WRONG).await;
        looked_at += u16::from(status == 401);
    }
    assert_eq!(looked_at, 10, "strangers share their failures, wherever they are");
    assert_eq!(
        log_in_at(&app, "192.0.2.1", PASSWORD).await,
        429,
        "nobody knows that this is the owner"
    );

    assert_eq!(
        log_in_at(&app, HOME, PASSWORD).await,
        200,
        "a network that the account knows"
    );
    assert_eq!(log_in_at(&app, NEAR_HOME, PASSWORD).await, 200, "another address of it");
    let travelling = victim.at("192.0.2.1");
    travelling
        .log_in("victim@example.com", PASSWORD)
        .await
        .assert_status(200);
    assert_eq!(
        log_in_at(&app, "192.0.2.200", PASSWORD).await,
        200,
        "where the owner has been with a known device"
    );
    assert_eq!(
        log_in_at(&app, "203.0.113.1", PASSWORD).await,
        429,
        "the owner's success lets no stranger in"
    );
}

#[tokio::test]
async fn one_network_that_tries_many_accounts_is_held_back_and_its_known_devices_are_not() {
    let rates = Rates {
        log_in: "20/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(rates).await;
    let victim = signed_up_at(&app, HOME, "victim@example.com").await;
    victim.log_out().await.assert_status(200);
    let attacker = app.client().at(HOME);
    for number in 0..20 {
        attacker
            .log_in(&format!("user{number}@example.com"), WRONG)
            .await
            .assert_status(401);
    }
    attacker
        .log_in("another@example.com", WRONG)
        .await
        .assert_throttled("log-in");
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 429);
    victim.log_in("victim@example.com", PASSWORD).await.assert_status(200);
    assert_eq!(
        log_in_at(&app, "192.0.2.1", PASSWORD).await,
        200,
        "other networks are not concerned"
    );
}

/// As when everything comes through one proxy that nobody configured, or on a developer's machine.
#[tokio::test]
async fn where_everybody_has_one_address_a_known_device_still_gets_in() {
    for address in [Some("127.0.0.1"), None] {
        let app = TestApp::with_limits(limits("10/15m")).await;
        let at = |client: Client| match address {
            Some(ip) => client.at(ip),
            None => client,
        };
        let victim = at(app.client());
        victim.sign_up("victim@example.com", PASSWORD).await.assert_status(200);
        victim.log_out().await.assert_status(200);
        let attacker = at(app.client());
        for _ in 0..50 {
            attacker.log_in("victim@example.com", WRONG).await;
        }
        attacker
            .log_in("victim@example.com", PASSWORD)
            .await
            .assert_error(429, "too_many_requests");
        victim.log_in("victim@example.com", PASSWORD).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_known_device_has_a_limit_of_its_own() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let thief = signed_up_at(&app, HOME, "victim@example.com").await;
    for _ in 0..3 {
        thief.log_in("victim@example.com", WRONG).await.assert_status(401);
    }
    thief
        .log_in("victim@example.com", PASSWORD)
        .await
        .assert_throttled("failures");
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 200, "and spends nobody else's");
}

#[tokio::test]
async fn a_device_cookie_helps_with_its_own_account_only() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    signed_up_at(&app, HOME, "victim@example.com").await;
    for _ in 0..3 {
        log_in_at(&app, "203.0.113.9", WRONG).await;
    }
    let attacker = app.client().at("203.0.113.9");
    attacker
        .sign_up("attacker@example.com", PASSWORD)
        .await
        .assert_status(200);
    let own = attacker.device().unwrap();
    for cookie in [
        own.as_str(),
        "neptun-device=",
        "neptun-device=AAAA",
        "neptun-device=\u{e9}",
    ] {
        attacker.set_device(Some(cookie.to_owned()));
        attacker
            .log_in("victim@example.com", PASSWORD)
            .await
            .assert_throttled("failures");
    }
}

#[tokio::test]
async fn a_network_is_known_for_ninety_days_and_a_device_for_a_year() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let device = signed_up_at(&app, HOME, "victim@example.com").await;
    let locked_out_of = async |days: i64| {
        app.clock.advance(TimeDelta::days(days));
        for _ in 0..3 {
            log_in_at(&app, "203.0.113.9", WRONG).await;
        }
    };
    locked_out_of(89).await;
    // A wrong password, so that nothing is noted.
    assert_eq!(log_in_at(&app, HOME, WRONG).await, 401);
    locked_out_of(1).await;
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 429);
    locked_out_of(274).await;
    let device = device.at("203.0.113.9");
    device.log_in("victim@example.com", WRONG).await.assert_status(401);
    locked_out_of(1).await;
    device
        .log_in("victim@example.com", PASSWORD)
        .await
        .assert_throttled("failures");
    while purge_expired(&app.app).await.unwrap() {}
    assert_eq!(app.database.count("SELECT COUNT(*) FROM devices").await, 0);
}
