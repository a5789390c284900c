//! What one network may hold of connections and of requests in flight, so that other networks are served.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;

/// How long an answer is waited for.
const LIMIT: Duration = Duration::from_secs(20);
const ALIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
const READY: &str = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n";
/// Writes nothing.
const KEYS: &str = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n";

/// A connection from another address of this machine.
async fn connect(binary: &Binary, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(binary.address).await.unwrap()
}

/// Sends `request` and returns what comes back.
async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    // A refused connection may be closed before the request is written; its answer is there all the same.
    drop(stream.write_all(request.as_bytes()).await);
    let mut buffer = [0; 4096];
    let length = timeout(LIMIT, stream.read(&mut buffer)).await.expect("an answer");
    String::from_utf8_lossy(&buffer[..length.unwrap()]).into_owned()
}

/// Sends the head of a sign-up and returns once the service reads the body: then the request is in flight.
async fn begin_sign_up(binary: &Binary, from: &str, length: usize) -> TcpStream {
    let mut stream = connect(binary, from).await;
    let head = "POST /api/auth/sign-up HTTP/1.1\r\nHost: x\r\ncontent-type: application/json";
    let head = format!("{head}\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n");
    let answer = exchange(&mut stream, &head).await;
    assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
    stream
}

/// Asks until the answer is 200.
async fn served_soon(binary: &Binary, from: &str, request: &str) {
    let began = Instant::now();
    loop {
        let answer = exchange(&mut connect(binary, from).await, request).await;
        if answer.starts_with("HTTP/1.1 200") {
            return;
        }
        assert!(began.elapsed() < LIMIT, "the places were never given back: {answer}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_network_with_its_share_of_connections_is_refused_and_others_are_served() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_MAX_CONNECTIONS_PER_NETWORK", "20")]);
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&binary, "127.0.0.2").await;
        assert!(exchange(&mut stream, ALIVE).await.starts_with("HTTP/1.1 200"));
        held.push(stream);
    }
    let mut refused = connect(&binary, "127.0.0.2").await;
    let mut answer = String::new();
    refused.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
    assert!(answer.ends_with(r#""code":"unavailable"}"#), "{answer}");

    let mut other = connect(&binary, "127.0.0.3").await;
    assert!(exchange(&mut other, ALIVE).await.starts_with("HTTP/1.1 200"));
    drop(held);
    served_soon(&binary, "127.0.0.2", ALIVE).await;
}

#[tokio::test]
async fn a_trusted_proxy_brings_as_many_connections_as_it_likes() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_MAX_CONNECTIONS_PER_NETWORK", "5"),
        ("NEPTUN_AUTH_TRUSTED_PROXIES", "127.0.0.2"),
    ];
    let binary = Binary::start(&database.url, &settings);
    let mut held = Vec::new();
    for _ in 0..30 {
        let mut stream = connect(&binary, "127.0.0.2").await;
        assert!(exchange(&mut stream, ALIVE).await.starts_with("HTTP/1.1 200"));
        held.push(stream);
    }
}

#[tokio::test]
async fn a_network_with_its_share_of_requests_in_flight_is_answered_503_and_others_are_served() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_MAX_REQUESTS", "40"),
        ("NEPTUN_AUTH_MAX_REQUESTS_PER_NETWORK", "8"),
    ];
    let binary = Binary::start(&database.url, &settings);
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(begin_sign_up(&binary, "127.0.0.2", 100).await);
    }
    let mut one_more = connect(&binary, "127.0.0.2").await;
    let answer = exchange(&mut one_more, READY).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
    assert!(answer.contains("\r\nx-request-id: "), "{answer}");
    assert!(answer.contains(r#""code":"unavailable""#), "{answer}");
    let mut supervisor = connect(&binary, "127.0.0.2").await;
    let answer = exchange(&mut supervisor, ALIVE).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "a busy process is alive: {answer}");
    let mut tokens = connect(&binary, "127.0.0.2").await;
    let answer = exchange(&mut tokens, "GET /api/me/ HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        answer.contains(r#""detail":"#) && answer.contains(r#""code":"unavailable""#),
        "{answer}"
    );

    let mut other = connect(&binary, "127.0.0.3").await;
    assert!(exchange(&mut other, READY).await.starts_with("HTTP/1.1 200"));
    drop(held);
    served_soon(&binary, "127.0.0.2", READY).await;
}

#[tokio::test]
async fn a_request_counts_until_its_work_is_done_although_its_client_is_gone() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_MAX_REQUESTS", "40"),
        ("NEPTUN_AUTH_MAX_REQUESTS_PER_NETWORK", "4"),
    ];
    let binary = Binary::start(&database.url, &settings);
    // Sign-ups wait for their turn to write, so they are in flight until it comes.
    let held = database.hold_writes().await;
    for number in 0..4 {
        let body = format!(r#"{{"email":"user{number}@example.com","password":"a long password"}}"#);
        let mut stream = begin_sign_up(&binary, "127.0.0.2", body.len()).await;
        stream.write_all(body.as_bytes()).await.unwrap();
    }
    let mut one_more = connect(&binary, "127.0.0.2").await;
    let answer = exchange(&mut one_more, KEYS).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let mut other = connect(&binary, "127.0.0.3").await;
    assert!(exchange(&mut other, KEYS).await.starts_with("HTTP/1.1 200"));
    drop(held);
    served_soon(&binary, "127.0.0.2", KEYS).await;
    let began = Instant::now();
    while database.users().await < 4 {
        assert!(began.elapsed() < LIMIT, "a sign-up was not finished");
        sleep(Duration::from_millis(20)).await;
    }
}
