//! Streams of events on real connections.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

/// Opens the stream of a new account, and returns it with what came first.
fn open(binary: &Binary) -> (TcpStream, String) {
    let body = json!({ "email": "alice@example.com", "password": PASSWORD });
    let answer = agent().post(binary.url("/api/auth/sign-up")).send_json(body).unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let mut stream = binary.connect();
    let request = format!("GET /api/auth/events HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    while !text.contains("event: hello") {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "{text}");
        text += std::str::from_utf8(&buffer[..length]).unwrap();
    }
    (stream, text)
}

#[tokio::test]
async fn a_stream_outlives_the_rest_of_connections_and_does_not_hold_up_the_stop() {
    let database = TestDatabase::create().await;
    let mut binary = Binary::start(&database.url, &[("NEPTUN_AUTH_KEEP_ALIVE", "1s")]);
    let (mut stream, _) = open(&binary);
    // Five rests, with a look at the connection in each.
    sleep(Duration::from_secs(5));
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let silent = stream.read(&mut [0; 4096]).unwrap_err();
    assert!(
        matches!(silent.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{silent}"
    );

    binary.signal("-TERM");
    let status = binary.wait(Duration::from_secs(20)).expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert!(!binary.log().contains("were cut off"), "{}", binary.log());
    let mut rest = String::new();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("session_ended"), "{rest}");
}
