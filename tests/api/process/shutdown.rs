//! SIGTERM: the process answers the requests in flight and then exits with 0.

use std::io::Write;
use std::net::TcpStream;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_are_answered_before_the_process_ends() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[]);
    let url = binary.url("/api/auth/sign-up");
    let statuses: Vec<_> = scope(|scope| {
        let clients: Vec<_> = (0..40)
            .map(|number| {
                let url = &url;
                scope.spawn(move || {
                    let body =
                        serde_json::json!({ "email": format!("user{number}@example.com"), "password": PASSWORD });
                    agent()
                        .post(url)
                        .send_json(body)
                        .map(|answer| answer.status().as_u16())
                        .ok()
                })
            })
            .collect();
        // Forty hashes take longer than this on any machine, and connecting takes less.
        sleep(Duration::from_millis(120));
        binary.signal("-TERM");
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let status = binary
        .wait(Duration::from_secs(10))
        .expect("it ends within ten seconds");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert_eq!(
        statuses.iter().filter(|status| **status == Some(200)).count(),
        40,
        "{statuses:?}"
    );
    assert_eq!(database.users().await, 40);
}

/// A connection whose request body never ends.
fn stuck_client(binary: &Binary) -> TcpStream {
    let mut stream = binary.connect();
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 100";
    stream.write_all(format!("{head}\r\n\r\n{{").as_bytes()).unwrap();
    sleep(Duration::from_millis(100));
    stream
}

#[tokio::test]
async fn new_connections_are_refused_and_a_stuck_client_does_not_hold_the_process() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[]);
    let _stuck = stuck_client(&binary);
    let started = Instant::now();
    binary.signal("-TERM");
    sleep(Duration::from_millis(300));
    assert_eq!(binary.status("GET", "/health/live"), None);
    let status = binary
        .wait(Duration::from_secs(11))
        .expect("it ends in spite of the client");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[]);
    let _stuck = stuck_client(&binary);
    binary.signal("-INT");
    sleep(Duration::from_millis(300));
    binary.signal("-TERM");
    assert!(
        binary
            .wait(Duration::from_secs(1))
            .is_some_and(|status| !status.success())
    );
}

#[tokio::test]
async fn during_the_drain_delay_readiness_is_503_and_requests_are_served() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[("NEPTUN_AUTH_DRAIN_DELAY", "2s")]);
    binary.signal("-TERM");
    sleep(Duration::from_millis(300));
    assert_eq!(binary.status("GET", "/health/ready"), Some(503));
    assert_eq!(binary.status("GET", "/health/live"), Some(200));
    let answer = agent().get(binary.url("/health/live")).call().unwrap();
    assert_eq!(answer.headers()["connection"], "close");
    assert_eq!(binary.sign_up("late@example.com"), Some(200));
    let status = binary.wait(Duration::from_secs(4)).expect("it ends after the delay");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert_eq!(database.users().await, 1);
}
