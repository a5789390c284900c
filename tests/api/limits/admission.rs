//! One network can't fill the queue for hashing.

use neptun_auth::model::limit::Rates;

use super::WRONG;
use crate::helpers::{Client, PASSWORD, TestApp, at_once, limits};

const HOME: &str = "198.51.100.20";
const AWAY: &str = "192.0.2.1";
const ATTACKER: &str = "203.0.113.9";
const VICTIM: &str = "victim@example.com";
const CONNECTIONS: usize = 600;

/// The statuses of many log-ins of one network, and that of a log-in by `owner` amid them.
async fn storm(app: &TestApp, owner: &Client) -> (Vec<u16>, u16) {
    let attacker = app.client().at(ATTACKER);
    let mut statuses = at_once(CONNECTIONS + 1, |number| {
        let is_owner = number == CONNECTIONS / 2;
        let client = if is_owner {
            owner.clone()
        } else {
            attacker.another().at(ATTACKER)
        };
        async move {
            let answer = if is_owner {
                client.log_in(VICTIM, PASSWORD).await
            } else {
                client.log_in(&format!("user{number}@example.com"), WRONG).await
            };
            answer.status.as_u16()
        }
    })
    .await;
    let owners = statuses.remove(CONNECTIONS / 2);
    (statuses, owners)
}

/// The owner at an unknown network, in a known one and with a known device.
async fn owners(app: &TestApp) -> [Client; 3] {
    let victim = app.user_at(HOME, "victim").await;
    victim.log_out().await.ok();
    let known_device = victim.browser.clone().at("192.0.2.77");
    [app.client().at(AWAY), app.client().at("198.51.100.77"), known_device]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_over_its_limit_takes_no_place_from_the_owner() {
    let rates = Rates {
        log_in: "20/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(rates).await;
    let owners = owners(&app).await;
    let attacker = app.client().at(ATTACKER);
    for number in 0..20 {
        attacker
            .log_in(&format!("user{number}@example.com"), WRONG)
            .await
            .assert_status(401);
    }
    for owner in &owners {
        for _ in 0..3 {
            let (attackers, owners) = storm(&app, owner).await;
            assert_eq!(owners, 200);
            assert!(attackers.iter().all(|status| *status == 429), "{attackers:?}");
        }
    }
}

/// The attacker has logged in to an account of its own, and so has a device cookie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_of_another_account_is_no_way_around_the_limit() {
    let rates = Rates {
        log_in: "20/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(rates).await;
    app.user_at(HOME, "victim").await;
    let attacker = app.user_at(ATTACKER, "attacker").await;
    for _ in 0..20 {
        attacker.browser.log_in(VICTIM, WRONG).await.assert_status(401);
    }
    attacker.browser.log_in(VICTIM, WRONG).await.throttled("log-in");
    // Nor does the device's own limit stand in for that of the network.
    app.client()
        .at(ATTACKER)
        .log_in(VICTIM, WRONG)
        .await
        .throttled("log-in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_within_its_limit_gets_its_part_of_the_queue_only() {
    let app = TestApp::with_setup(|setup| {
        setup.hash_slots = Some(1);
        setup.argon2_memory_kib = 1024;
    })
    .await;
    let owners = owners(&app).await;
    for owner in &owners {
        let (attackers, owners) = storm(&app, owner).await;
        assert_eq!(owners, 200);
        assert!(attackers.contains(&503), "the queue was not contended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ups_of_one_network_leave_places_to_another() {
    let app = TestApp::with_setup(|setup| {
        setup.hash_slots = Some(1);
        setup.argon2_memory_kib = 1024;
    })
    .await;
    let statuses = at_once(CONNECTIONS, |number| {
        let ip = if number == CONNECTIONS - 1 { AWAY } else { ATTACKER };
        let client = app.client().at(ip);
        async move {
            let answer = client.sign_up(&format!("user{number}@example.com"), PASSWORD).await;
            answer.status.as_u16()
        }
    })
    .await;
    assert_eq!(statuses.last(), Some(&200));
    assert!(statuses.contains(&503), "the queue was not contended");
}
