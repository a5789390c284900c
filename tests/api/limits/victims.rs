//! F19: limits must not lock the owner out of the account that is attacked.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use neptun_auth::model::limit::Rates;

use super::{WRONG, failures};
use crate::helpers::{PASSWORD, TestApp, limits};

const HOME: &str = "198.51.100.20";
/// Another address of the same provider.
const NEAR_HOME: &str = "198.51.100.77";

/// The status of a log-in from this address, with a device that the account does not know.
async fn log_in_at(app: &TestApp, ip: &str, password: &str) -> u16 {
    let client = app.client().at(ip);
    client.log_in("victim@example.com", password).await.status.as_u16()
}

#[tokio::test]
async fn a_flood_on_one_account_from_many_networks_leaves_its_owner_in() {
    let app = TestApp::with_limits(failures("10/15m")).await;
    let victim = app.user_at(HOME, "victim").await;
    victim.log_out().await.ok();
    let mut checked = 0;
    for number in 0..200 {
        let status = log_in_at(&app, &format!("203.0.{}.9", number % 256), WRONG).await;
        checked += u16::from(status == 401);
    }
    assert_eq!(checked, 10, "all strangers share one bucket");
    // Here the owner cannot be told from a stranger.
    assert_eq!(log_in_at(&app, "192.0.2.1", PASSWORD).await, 429);

    // The account knows the network of these two addresses.
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 200);
    assert_eq!(log_in_at(&app, NEAR_HOME, PASSWORD).await, 200);
    // It knows the device, and from then on the network where the device was used.
    victim.at("192.0.2.1").log_in().await.ok();
    assert_eq!(log_in_at(&app, "192.0.2.200", PASSWORD).await, 200);
    // The owner's success does not let a stranger in.
    assert_eq!(log_in_at(&app, "203.0.113.1", PASSWORD).await, 429);
}

#[tokio::test]
async fn a_network_that_tries_many_accounts_is_rejected_but_a_known_device_in_it_is_not() {
    let rates = Rates {
        log_in: "20/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(rates).await;
    let victim = app.user_at(HOME, "victim").await;
    victim.log_out().await.ok();
    let attacker = app.client().at(HOME);
    for number in 0..20 {
        let email = format!("user{number}@example.com");
        attacker.log_in(&email, WRONG).await.assert_status(401);
    }
    attacker.log_in("another@example.com", WRONG).await.throttled("log-in");
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 429);
    victim.log_in().await.ok();
    let other_network = log_in_at(&app, "192.0.2.1", PASSWORD).await;
    assert_eq!(other_network, 200);
}

/// As behind a proxy that is missing in the settings, or on a developer's machine.
#[tokio::test]
async fn a_known_device_gets_in_even_if_all_clients_have_the_same_address() {
    for address in [Some("127.0.0.1"), None] {
        let app = TestApp::with_limits(limits("10/15m")).await;
        let (victim, attacker) = match address {
            Some(ip) => (app.user_at(ip, "victim").await, app.client().at(ip)),
            None => (app.user("victim").await, app.client()),
        };
        victim.log_out().await.ok();
        for _ in 0..50 {
            attacker.log_in(&victim.email, WRONG).await;
        }
        let right = attacker.log_in(&victim.email, PASSWORD).await;
        right.fails(429, "too_many_requests");
        victim.log_in().await.ok();
    }
}

#[tokio::test]
async fn a_known_device_has_a_failed_attempt_bucket_of_its_own() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let stolen_device = app.user_at(HOME, "victim").await;
    for _ in 0..3 {
        stolen_device.log_in_with(WRONG).await.assert_status(401);
    }
    stolen_device.log_in().await.throttled("failures");
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 200);
}

#[tokio::test]
async fn a_device_is_known_to_its_own_account_only() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let victim = app.user_at(HOME, "victim").await;
    for _ in 0..3 {
        log_in_at(&app, "203.0.113.9", WRONG).await;
    }
    let attacker = app.user_at("203.0.113.9", "attacker").await;
    let own = attacker.device().unwrap();
    for cookie in [
        own.as_str(),
        "neptun-device=",
        "neptun-device=AAAA",
        "neptun-device=\u{e9}",
    ] {
        attacker.set_device(Some(cookie.to_owned()));
        attacker
            .browser
            .log_in(&victim.email, PASSWORD)
            .await
            .throttled("failures");
    }
}

#[tokio::test]
async fn a_network_is_known_for_ninety_days_and_a_device_for_a_year() {
    let app = TestApp::with_limits(failures("3/15m")).await;
    let victim = app.user_at(HOME, "victim").await;
    let lock_strangers_out_after = async |days: i64| {
        app.clock.advance(TimeDelta::days(days));
        for _ in 0..3 {
            log_in_at(&app, "203.0.113.9", WRONG).await;
        }
    };
    lock_strangers_out_after(89).await;
    // With a wrong password, so that the service does not note the use of the network.
    assert_eq!(log_in_at(&app, HOME, WRONG).await, 401);
    lock_strangers_out_after(1).await;
    assert_eq!(log_in_at(&app, HOME, PASSWORD).await, 429);
    lock_strangers_out_after(274).await;
    let device = victim.at("203.0.113.9");
    device.log_in_with(WRONG).await.assert_status(401);
    lock_strangers_out_after(1).await;
    device.log_in().await.throttled("failures");
    while purge_expired(&app.app).await.unwrap() {}
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 0);
}
