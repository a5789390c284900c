//! SIGTERM: the process answers the requests in flight and then exits with 0.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

/// How long the process may take for a step. Nothing here is as long on any machine, unless it never comes.
const LIMIT: Duration = Duration::from_secs(30);

/// A client that has sent a whole sign-up and waits for the answer.
fn signing_up(binary: &Binary, number: usize) -> TcpStream {
    let body = serde_json::json!({ "email": format!("user{number}@example.com"), "password": PASSWORD }).to_string();
    let head = "POST /api/auth/sign-up HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\nconnection: close";
    let mut stream = binary.connect();
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// A connection whose request body never ends.
fn stuck_client(binary: &Binary) -> TcpStream {
    let mut stream = binary.connect();
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 100";
    stream
        .write_all(format!("{head}\r\nexpect: 100-continue\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"HTTP/1.1 100", "its body is waited for");
    stream
}

/// Waits until a request to `path` has this status; `None` when new connections are refused.
fn wait_for(binary: &Binary, path: &str, status: Option<u16>) {
    let began = Instant::now();
    while binary.status("GET", path) != status {
        assert!(began.elapsed() < LIMIT, "{path} was never {status:?}: {}", binary.log());
        sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_are_answered_before_the_process_ends() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[]);
    // Sign-ups wait for their turn to write, so all of them are in flight at the signal.
    let held = database.hold_writes().await;
    let clients: Vec<_> = (0..20).map(|number| signing_up(&binary, number)).collect();
    binary.signal("-TERM");
    wait_for(&binary, "/health/live", None);
    drop(held);
    for mut client in clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let status = binary.wait(LIMIT).expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert_eq!(database.users().await, 20);
}

#[tokio::test]
async fn new_connections_are_refused_and_a_stuck_client_does_not_hold_the_process() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[]);
    let _stuck = stuck_client(&binary);
    let started = Instant::now();
    binary.signal("-TERM");
    wait_for(&binary, "/health/live", None);
    let status = binary.wait(LIMIT).expect("it ends in spite of the client");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    // Docker waits for ten seconds.
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        started.elapsed()
    );
    let cut_off = "requests that took longer than 8s after the shutdown began were cut off";
    assert!(binary.log().contains(cut_off), "{}", binary.log());
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[]);
    let _stuck = stuck_client(&binary);
    binary.signal("-INT");
    wait_for(&binary, "/health/live", None);
    binary.signal("-TERM");
    // With the first signal alone it ends by itself, and with success.
    assert!(binary.wait(LIMIT).is_some_and(|status| !status.success()));
}

#[tokio::test]
async fn during_the_drain_delay_readiness_is_503_and_requests_are_served() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[("NEPTUN_AUTH_DRAIN_DELAY", "6s")]);
    let began = Instant::now();
    binary.signal("-TERM");
    wait_for(&binary, "/health/ready", Some(503));
    assert_eq!(binary.status("GET", "/health/live"), Some(200));
    let answer = agent().get(binary.url("/health/live")).call().unwrap();
    assert_eq!(answer.headers()["connection"], "close");
    assert_eq!(binary.sign_up("late@example.com"), Some(200));
    let status = binary.wait(LIMIT).expect("it ends after the delay");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert!(began.elapsed() >= Duration::from_secs(6), "it did not wait");
    assert_eq!(database.users().await, 1);
}
