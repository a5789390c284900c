//! The default limits, and the settings that change them.

use std::time::Instant;

use serde_json::json;

use crate::helpers::binary::{Binary, agent, free_address, metrics};
use crate::helpers::{PASSWORD, TestDatabase};

#[tokio::test]
async fn the_default_limits_let_fifty_users_behind_one_address_sign_up_and_log_in() {
    let database = TestDatabase::create().await;
    let binary = Binary::start_with_limits(&database.url, &[]);
    let began = Instant::now();
    for number in 0..50 {
        assert_eq!(binary.sign_up(&format!("user{number}@example.com")), Some(200));
    }
    for number in 0..50 {
        let email = format!("user{number}@example.com");
        for _ in 0..2 {
            assert_eq!(binary.log_in(&email, "mistyped"), Some(401));
        }
        assert_eq!(binary.log_in(&email, PASSWORD), Some(200));
    }
    for number in 50..100 {
        assert_eq!(binary.sign_up(&format!("user{number}@example.com")), Some(200));
    }
    // One more is allowed every 36 seconds, and a slow machine needs some of these for the hundred.
    let accepted = (100..).take_while(|number| binary.sign_up(&format!("user{number}@example.com")) == Some(200));
    let accepted = accepted.count();
    let most = began.elapsed().as_secs() / 36;
    assert!(
        accepted as u64 <= most,
        "{accepted} more than a hundred, and {most} are allowed"
    );
    assert_eq!(binary.sign_up("last@example.com"), Some(429));
}

#[tokio::test]
async fn by_default_ten_wrong_passwords_are_checked_and_a_crash_does_not_clear_them() {
    let database = TestDatabase::create().await;
    let private = free_address();
    let settings = [
        ("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string()),
        ("NEPTUN_AUTH_LOG_FORMAT", "json"),
    ];
    let mut binary = Binary::start_with_limits(&database.url, &settings);
    let owner = agent();
    assert_eq!(
        binary.post_credentials(&owner, "/api/auth/sign-up", "canary@example.com", PASSWORD),
        Some(200)
    );
    for _ in 0..10 {
        assert_eq!(binary.log_in("canary@example.com", "wrong"), Some(401));
    }
    let body = json!({ "email": "canary@example.com", "password": PASSWORD });
    let answer = agent().post(binary.url("/api/auth/login")).send_json(&body).unwrap();
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=90).contains(&wait), "{wait}");

    let page = metrics(private);
    assert!(
        page.contains(r#"neptun_auth_security_events_total{event="limit_failures"} 1"#),
        "{page}"
    );
    let event = binary
        .log_lines()
        .into_iter()
        .find(|line| line["event"] == "limit_used_up")
        .expect("a log line");
    assert_eq!((&event["level"], &event["limit"]), (&json!("WARN"), &json!("failures")));
    assert!(!binary.log().contains("canary"));

    binary.kill();
    let binary = Binary::start_with_limits(&database.url, &[]);
    assert_eq!(binary.log_in("canary@example.com", PASSWORD), Some(429));
    // The agent still has its device's cookie.
    assert_eq!(
        binary.post_credentials(&owner, "/api/auth/login", "canary@example.com", PASSWORD),
        Some(200)
    );
}

#[tokio::test]
async fn limits_can_be_set_and_switched_off() {
    let database = TestDatabase::create().await;
    let two = ("NEPTUN_AUTH_LIMIT_SIGN_UP", "2/h");
    let binary = Binary::start_with_limits(&database.url, &[two]);
    let statuses: Vec<_> = (0..3)
        .map(|number| binary.sign_up(&format!("user{number}@example.com")))
        .collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(429)]);
    let off = Binary::start_with_limits(&database.url, &[two, ("NEPTUN_AUTH_RATE_LIMITS", "off")]);
    for number in 3..6 {
        assert_eq!(off.sign_up(&format!("user{number}@example.com")), Some(200));
    }
}

/// The operator hears of it before a client is rejected.
#[tokio::test]
async fn a_limit_of_all_networks_that_is_nearly_used_up_raises_an_alarm() {
    let database = TestDatabase::create().await;
    let private = free_address();
    let settings = [
        ("NEPTUN_AUTH_TRUSTED_PROXIES", "127.0.0.1"),
        ("NEPTUN_AUTH_LIMIT_SIGN_UP", "1/h"),
        ("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string()),
        ("NEPTUN_AUTH_LOG_FORMAT", "json"),
    ];
    let binary = Binary::start_with_limits(&database.url, &settings);
    let ask = |number: usize| {
        let request = agent()
            .post(binary.url("/api/sign-up/"))
            .header("x-forwarded-for", format!("203.0.{number}.9"));
        request
            .send_json(json!({ "email": "x@example.com" }))
            .unwrap()
            .status()
            .as_u16()
    };
    let counted = |event: &str, count: u32| {
        let page = metrics(private);
        let line = format!(r#"neptun_auth_security_events_total{{event="{event}"}} {count}"#);
        assert!(page.contains(&line), "{line}: {page}");
    };
    for number in 0..75 {
        assert_eq!(ask(number), 400);
    }
    counted("limit_of_all_sign_up", 0);
    for number in 75..90 {
        assert_eq!(ask(number), 400);
    }
    counted("limit_of_all_sign_up", 1);
    counted("limit_sign_up", 0);
    let lines = binary.log_lines();
    let lines: Vec<_> = lines.iter().filter(|line| line["limit"] == "sign-up").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0]["level"], &lines[0]["event"]),
        (&json!("WARN"), &json!("limit_of_all_nearly_used_up"))
    );
}

/// Of `X-Forwarded-For`, only the hop that the trusted proxy has added counts.
#[tokio::test]
async fn clients_of_a_trusted_proxy_are_told_apart_by_the_hop_that_it_added() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_TRUSTED_PROXIES", "127.0.0.1"),
        ("NEPTUN_AUTH_LIMIT_LOG_IN", "2/h"),
    ];
    let binary = Binary::start_with_limits(&database.url, &settings);
    let status = |forwarded_for: &str, email: &str| {
        let body = json!({ "email": email, "password": "wrong" });
        let request = agent()
            .post(binary.url("/api/auth/login"))
            .header("x-forwarded-for", forwarded_for);
        request.send_json(body).unwrap().status().as_u16()
    };
    assert_eq!(status("203.0.113.1", "a@example.com"), 401);
    assert_eq!(status("198.51.100.7, 203.0.113.1", "b@example.com"), 401);
    assert_eq!(status("198.51.100.8, 203.0.113.1", "c@example.com"), 429);
    assert_eq!(status("203.0.113.2", "d@example.com"), 401);
    // A value that is not an address counts for the proxy itself.
    assert_eq!(status("nonsense", "e@example.com"), 401);
    assert_eq!(status("more nonsense", "f@example.com"), 401);
    assert_eq!(status("203.0.113.3, nonsense", "g@example.com"), 429);
}
