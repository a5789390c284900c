//! What one network may hold of connections and of requests in flight, so that other networks are served.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;

/// A sign-up whose body stays away: it is in flight until its time-out.
const UNFINISHED: &str =
    "POST /api/auth/sign-up HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
const ALIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
const READY: &str = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n";

/// A connection from another address of this machine.
async fn connect(binary: &Binary, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(binary.address).await.unwrap()
}

/// Sends `request` and returns what comes back within a second.
async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    // A refused connection may be closed before the request is written; its answer is there all the same.
    drop(stream.write_all(request.as_bytes()).await);
    let mut buffer = [0; 4096];
    match timeout(Duration::from_secs(1), stream.read(&mut buffer)).await {
        Ok(Ok(length)) => String::from_utf8_lossy(&buffer[..length]).into_owned(),
        Ok(Err(error)) => panic!("{error}"),
        Err(_) => String::new(),
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
    sleep(Duration::from_millis(200));
    let mut again = connect(&binary, "127.0.0.2").await;
    assert!(exchange(&mut again, ALIVE).await.starts_with("HTTP/1.1 200"));
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
        let mut stream = connect(&binary, "127.0.0.2").await;
        stream.write_all(UNFINISHED.as_bytes()).await.unwrap();
        held.push(stream);
    }
    sleep(Duration::from_millis(300));
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
    sleep(Duration::from_millis(300));
    let mut again = connect(&binary, "127.0.0.2").await;
    assert!(exchange(&mut again, READY).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_counts_until_its_work_is_done_although_its_client_is_gone() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_MAX_REQUESTS", "40"),
        ("NEPTUN_AUTH_MAX_REQUESTS_PER_NETWORK", "4"),
        ("NEPTUN_AUTH_HASH_SLOTS", "1"),
        ("NEPTUN_AUTH_ARGON2_ITERATIONS", "20"),
    ];
    let binary = Binary::start(&database.url, &settings);
    for number in 0..4 {
        let body = format!(r#"{{"email":"user{number}@example.com","password":"a long password"}}"#);
        let head = "POST /api/auth/sign-up HTTP/1.1\r\nHost: x\r\ncontent-type: application/json";
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let mut stream = connect(&binary, "127.0.0.2").await;
        stream.write_all(request.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(20));
    }
    let mut one_more = connect(&binary, "127.0.0.2").await;
    let answer = exchange(&mut one_more, READY).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let mut other = connect(&binary, "127.0.0.3").await;
    assert!(exchange(&mut other, READY).await.starts_with("HTTP/1.1 200"));
    for _ in 0..100 {
        sleep(Duration::from_millis(100));
        let mut again = connect(&binary, "127.0.0.2").await;
        if exchange(&mut again, READY).await.starts_with("HTTP/1.1 200") && database.users().await == 4 {
            return;
        }
    }
    panic!("the places were never given back");
}
