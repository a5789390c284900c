//! A log that can't be written costs its lines and nothing else: requests, mails and SIGTERM go on.

use std::fs::OpenOptions;
use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::helpers::binary::{Binary, agent, free_address, metrics};
use crate::helpers::{PASSWORD, TestDatabase};

/// More than a pipe holds, which is 64 KiB.
const REQUESTS: usize = 600;
const SOON: Duration = Duration::from_secs(30);

fn start(database: &TestDatabase, private: SocketAddr, stderr: Stdio) -> Binary {
    let settings = [("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string())];
    Binary::start_with_stderr(&database.url, &settings, stderr)
}

/// Writes more log lines than a pipe holds, then uses the service, and stops it.
fn assert_works_and_stops(mut binary: Binary, private: SocketAddr) {
    let agent = agent();
    for number in 0..REQUESTS {
        let answer = agent.get(binary.url(&format!("/no-page/{number}"))).call().unwrap();
        assert_eq!(answer.status(), 404, "request {number}");
    }
    assert_eq!(binary.sign_up("user@example.com"), Some(200));
    assert_eq!(binary.log_in("user@example.com", PASSWORD), Some(200));
    let reset = serde_json::json!({ "action": "create", "email": "user@example.com" });
    let answer = agent.post(binary.url("/auth/otp")).send_json(reset).unwrap();
    assert_eq!(answer.status(), 200);
    let sent = page_with(private, |page| {
        page.lines()
            .any(|line| line.starts_with(r#"neptun_auth_mails_total{result="sent"} "#) && !line.ends_with(" 0"))
    });
    assert!(sent, "no mail was sent:\n{}", metrics(private));
    let ready = agent
        .get(binary.url("/health/ready"))
        .call()
        .unwrap()
        .body_mut()
        .read_json::<Value>();
    assert_eq!(ready.unwrap()["status"], "ok");

    let started = Instant::now();
    binary.signal("-TERM");
    let status = binary.wait(SOON).expect("SIGTERM ends it");
    assert_eq!(status.code(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "it took {:?}",
        started.elapsed()
    );
}

/// Whether the metrics page is soon as expected.
fn page_with(private: SocketAddr, is_expected: impl Fn(&str) -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < SOON {
        if is_expected(&metrics(private)) {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}

fn lost_lines(page: &str) -> u64 {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("neptun_auth_log_lines_lost_total "));
    line.expect("the counter").parse().unwrap()
}

#[tokio::test]
async fn the_service_works_when_the_reader_of_its_log_is_gone() {
    let (database, private) = (TestDatabase::create().await, free_address());
    let mut binary = start(&database, private, Stdio::piped());
    drop(binary.take_log_pipe().expect("a pipe"));
    agent().get(binary.url("/no-page")).call().unwrap();
    assert!(
        page_with(private, |page| lost_lines(page) > 0),
        "lost lines are counted"
    );
    assert_works_and_stops(binary, private);
}

#[tokio::test]
async fn the_service_works_when_the_disk_of_its_log_is_full() {
    let (database, private) = (TestDatabase::create().await, free_address());
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let binary = start(&database, private, full.into());
    assert!(
        page_with(private, |page| lost_lines(page) > 0),
        "lost lines are counted"
    );
    assert_works_and_stops(binary, private);
}

#[tokio::test]
async fn the_service_works_when_the_reader_of_its_log_stalls() {
    let (database, private) = (TestDatabase::create().await, free_address());
    let binary = start(&database, private, Stdio::piped());
    assert_works_and_stops(binary, private);
}

#[tokio::test]
async fn lines_that_waited_for_a_slow_reader_are_written_in_order() {
    let (database, private) = (TestDatabase::create().await, free_address());
    let mut binary = start(&database, private, Stdio::piped());
    let agent = agent();
    for number in 0..REQUESTS {
        agent.get(binary.url(&format!("/no-page/{number}"))).call().unwrap();
    }
    assert_eq!(lost_lines(&metrics(private)), 0);
    let mut pipe = binary.take_log_pipe().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut log = String::new();
        pipe.read_to_string(&mut log).map(|_| log)
    });
    binary.signal("-TERM");
    assert!(binary.wait(SOON).is_some_and(|status| status.success()));
    let log = reader.join().unwrap().unwrap();
    assert_eq!(log.lines().filter(|line| line.contains("status=404")).count(), REQUESTS);
    assert!(log.lines().last().unwrap().ends_with("stopped"), "{log}");
}

#[tokio::test]
async fn a_mail_worker_that_fails_shows_in_readiness_and_metrics() {
    let (database, private) = (TestDatabase::create().await, free_address());
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string())]);
    // The cleaning, which reads the same table once a minute, may fail as well.
    let is_failing = || {
        let mut answer = agent().get(binary.url("/health/ready")).call().unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.body_mut().read_json::<Value>().unwrap();
        let failing = body["failing"].as_array().cloned().unwrap_or_default();
        assert_eq!(body["status"] == "degraded", !failing.is_empty(), "{body}");
        failing.contains(&serde_json::json!("mail"))
    };
    assert!(!is_failing());
    let up = r#"neptun_auth_background_task_up{task="mail"} 1"#;
    assert!(page_with(private, |page| page.contains(up)));
    database
        .execute("ALTER TABLE outbox RENAME TO gone", "ALTER TABLE outbox RENAME TO gone")
        .await;
    assert!(page_with(private, |page| !page.contains(up)), "{}", metrics(private));
    assert!(is_failing());
    database
        .execute("ALTER TABLE gone RENAME TO outbox", "ALTER TABLE gone RENAME TO outbox")
        .await;
    assert!(page_with(private, |page| page.contains(up)), "{}", metrics(private));
    assert!(!is_failing());
}
