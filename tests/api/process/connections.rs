//! Clients that are slow, silent, gone, or do not speak HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use poem::http::{Request, Version};

use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, agent};

/// How long the service keeps a connection whose client writes `bytes` and then the byte `then` every second.
fn kept(binary: &Binary, bytes: &[u8], then: u8) -> Duration {
    let mut stream = binary.connect();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let started = Instant::now();
    stream.write_all(bytes).unwrap();
    while started.elapsed() < Duration::from_secs(10) {
        if is_closed(&mut stream) || stream.write_all(&[then]).is_err() {
            break;
        }
    }
    started.elapsed()
}

/// Waits up to the read time-out for the other side to close.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    match stream.read(&mut buffer) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => !matches!(
            error.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        ),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_cut_off_while_others_are_served() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    let body =
        b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{";
    let cases: [(&str, &[u8], u8); 4] = [
        ("a header that never ends", b"GET /health/live HTTP/1.1\r\nx: ", b'y'),
        ("silence but for the start of HTTP/2", b"P", b'R'),
        ("a body that never ends", body, b' '),
        ("half a first line", b"GE", b'T'),
    ];
    scope(|scope| {
        let slow: Vec<_> = cases
            .iter()
            .map(|(name, bytes, then)| (name, scope.spawn(|| kept(&binary, bytes, *then))))
            .collect();
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let started = Instant::now();
            assert_eq!(binary.status("GET", "/health/live"), Some(200));
            slowest = slowest.max(started.elapsed());
            sleep(Duration::from_millis(20));
        }
        assert!(slowest < Duration::from_secs(1), "a good client waited {slowest:?}");
        for (name, thread) in slow {
            let kept = thread.join().unwrap();
            assert!(kept <= Duration::from_secs(15), "{name} was kept for {kept:?}");
        }
    });
}

#[tokio::test]
async fn an_idle_connection_is_kept_as_long_as_the_setting_says() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_KEEP_ALIVE", "3s")]);
    let longer = Binary::start(&database.url, &[]);
    let started = Instant::now();
    let mut rested = [&binary, &longer].map(|binary| {
        let mut stream = binary.connect();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(!is_closed(&mut stream));
        stream
    });
    while !is_closed(&mut rested[0]) {
        assert!(started.elapsed() < Duration::from_secs(10));
    }
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    // Longer than the limit for a header, which is not the limit for a rest.
    sleep(Duration::from_secs(16).saturating_sub(started.elapsed()));
    assert!(!is_closed(&mut rested[1]));
}

/// What the service answers to raw bytes, up to the end of the connection or, after the first of it, half a second of
/// silence.
fn exchange(binary: &Binary, bytes: &[u8]) -> String {
    let mut stream = binary.connect();
    // The service may close before it has read everything.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..length]);
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn ambiguous_and_oversized_requests_are_not_served() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    let start = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\n";
    let smuggled = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    for bytes in [
        format!("{start}content-length: 5\r\ncontent-length: 6\r\n\r\n{{}}    "),
        format!("{start}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{start}transfer-encoding: xchunked\r\n\r\n{smuggled}"),
        format!("{start}x: {}\r\n\r\n", "y".repeat(1_000_000)),
        format!("{start}{}\r\n", "x: y\r\n".repeat(200)),
        "NONSENSE\r\n\r\n".to_owned(),
        format!("{start}content-length: 10000000000\r\n\r\n{smuggled}"),
    ] {
        let answer = exchange(&binary, bytes.as_bytes());
        assert!(!answer.contains("HTTP/1.1 200"), "{bytes:.120}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{bytes:.120}: {answer}");
    }
    assert_eq!(binary.status("GET", "/health/live"), Some(200));
}

#[tokio::test]
async fn http_2_is_spoken_without_tls() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    let stream = tokio::net::TcpStream::connect(binary.address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut responses = Vec::new();
    for number in 0..20 {
        let body = format!(r#"{{"email":"user{number}@example.com","password":"a long password"}}"#);
        let request = Request::post(binary.url("/api/auth/sign-up"));
        let request = request.header("content-type", "application/json").body(()).unwrap();
        let (response, mut sending) = client.send_request(request, false).unwrap();
        sending.send_data(body.into(), true).unwrap();
        responses.push(response);
    }
    for response in responses {
        let response = response.await.unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_2));
        assert!(response.headers().contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_sign_up_is_finished_although_its_client_disconnects() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    for number in 0..8_u64 {
        let body = format!(r#"{{"email":"user{number}@example.com","password":"a long password"}}"#);
        let mut stream = binary.connect();
        let head = "POST /api/auth/sign-up HTTP/1.1\r\nHost: x\r\ncontent-type: application/json";
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).unwrap();
        sleep(Duration::from_millis(number * 8));
    }
    // The queue is served in order: after this answer, no request of the other clients is in flight.
    assert_eq!(
        binary.post_credentials(&agent(), "/api/auth/sign-up", "last@example.com", "a long password"),
        Some(200)
    );
    let (users, sessions) = (database.users().await, database.sessions().await);
    assert_eq!(users, sessions, "an account without its session is half a sign-up");
    // A client that disconnected at once may have sent nothing. One that waited longer had sent its whole request.
    assert!(users > 4, "only {users} of 9 sign-ups were finished");
    if database.is_postgres() {
        let forgotten = "SELECT COUNT(*) FROM pg_stat_activity \
            WHERE state = 'idle in transaction' AND now() - state_change > interval '1 second'";
        assert_eq!(database.count(forgotten).await, 0, "a transaction was left open");
    }
}
