//! The metrics tell what the process uses and holds.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::helpers::binary::{Binary, agent, free_address, metrics};
use crate::helpers::{ALICE, PASSWORD, TestDatabase};

/// The value of a series.
fn value(page: &str, series: &str) -> f64 {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("{series} is missing:\n{page}"));
    line.parse().unwrap()
}

/// The page, once `fits` says that the next measurement has seen what it waits for.
fn page_when(private: SocketAddr, fits: impl Fn(&str) -> bool) -> String {
    for _ in 0..300 {
        let page = metrics(private);
        if fits(&page) {
            return page;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the metrics never fitted:\n{}", metrics(private));
}

#[tokio::test]
async fn the_metrics_tell_what_the_process_uses_and_holds() {
    let database = TestDatabase::create().await;
    let private = free_address();
    // Mails wait, because no server listens there.
    let smtp = format!("smtp://{}", free_address());
    let settings = [
        ("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string()),
        ("NEPTUN_AUTH_SMTP_URL", &smtp),
        ("NEPTUN_AUTH_MAIL_FROM", "auth@example.com"),
    ];
    let binary = Binary::start(&database.url, &settings);
    let agent = agent();
    let signed_up = binary.post_credentials(&agent, "/api/auth/sign-up", ALICE, PASSWORD);
    assert_eq!(signed_up, Some(200));
    for _ in 0..2 {
        let checked = agent.get(binary.url("/api/auth/check")).call().unwrap();
        assert_eq!(checked.status(), 204);
    }
    let asked = agent.post(binary.url("/auth/otp"));
    let asked = asked.send_json(json!({ "action": "create", "email": ALICE }));
    assert_eq!(asked.unwrap().status(), 200);

    let page = page_when(private, |page| {
        value(page, "neptun_auth_outbox_mails") > 0.0
            && value(page, "neptun_auth_outbox_oldest_mail_seconds") > 0.0
            && value(page, "neptun_auth_session_cache_hits_total") > 0.0
            && value(page, "neptun_auth_session_cache_trusted") > 0.0
    });
    let version = env!("CARGO_PKG_VERSION");
    assert!(value(&page, &format!("neptun_auth_build_info{{version=\"{version}\"}}")) > 0.0);
    for above_zero in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "process_threads",
        "neptun_auth_connections",
        "neptun_auth_session_cache_entries",
        r#"neptun_auth_hash_duration_seconds_count{hash="own"}"#,
    ] {
        assert!(value(&page, above_zero) > 0.0, "{above_zero}:\n{page}");
    }
    for zero in [
        r#"neptun_auth_database_errors_total{kind="failed"}"#,
        r#"neptun_auth_database_errors_total{kind="unavailable"}"#,
        r#"neptun_auth_hash_duration_seconds_count{hash="imported"}"#,
    ] {
        assert!(value(&page, zero).abs() < f64::EPSILON, "{zero}:\n{page}");
    }
    let pool = if database.url.starts_with("sqlite:") {
        "write"
    } else {
        "all"
    };
    assert!(
        value(
            &page,
            &format!("neptun_auth_database_connections_max{{pool=\"{pool}\"}}")
        ) >= 1.0
    );
    let open: f64 = ["idle", "in_use"]
        .map(|state| {
            value(
                &page,
                &format!("neptun_auth_database_connections{{pool=\"{pool}\",state=\"{state}\"}}"),
            )
        })
        .iter()
        .sum();
    assert!(open >= 1.0, "{page}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let age = now - value(&page, "neptun_auth_signing_key_active_timestamp_seconds");
    assert!((0.0..600.0).contains(&age), "{age}");
}

#[tokio::test]
async fn expired_rows_that_are_deleted_are_counted() {
    let database = TestDatabase::create().await;
    let private = free_address();
    let settings = [("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string())];
    let binary = Binary::start(&database.url, &settings);
    let asked = agent().post(binary.url("/auth/otp"));
    let asked = asked.send_json(json!({ "action": "create", "email": "stranger@example.com" }));
    assert_eq!(asked.unwrap().status(), 200);
    drop(binary);
    let give_up = "UPDATE outbox SET give_up_at = '2020-01-01T00:00:00Z'";
    database.execute(give_up, give_up).await;
    // The first purge comes right after the start.
    let _binary = Binary::start(&database.url, &settings);
    page_when(private, |page| value(page, "neptun_auth_purged_rows_total") >= 1.0);
}
