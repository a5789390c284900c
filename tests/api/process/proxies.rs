//! Behind proxies: whose address counts, and what the operator is told.

use std::io::{Read, Write};

use serde_json::Value;

use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;

/// Sends one request with these header lines, which may have any bytes, and returns the answer.
fn send(binary: &Binary, start: &str, lines: &[&[u8]], body: &str) -> String {
    let mut request = format!("{start} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n").into_bytes();
    for line in lines {
        request.extend_from_slice(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
    let mut stream = binary.connect();
    stream.write_all(&request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// What the service stores of the session of a sign-up with these header lines.
fn sessions_after_sign_up(binary: &Binary, email: &str, lines: &[&[u8]]) -> Value {
    let body = format!(r#"{{"email":"{email}","password":"a long password"}}"#);
    let lines = [&[b"content-type: application/json".as_slice()], lines].concat();
    let answer = send(binary, "POST /api/auth/sign-up", &lines, &body);
    let (_, cookies) = answer.split_once("set-cookie: ").expect("a session");
    let cookie = format!("cookie: {}", cookies.split(';').next().unwrap());
    let answer = send(binary, "GET /api/auth/sessions", &[cookie.as_bytes()], "");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn stored_address(binary: &Binary, email: &str, lines: &[&[u8]]) -> String {
    let sessions = sessions_after_sign_up(binary, email, lines);
    sessions[0]["ip"].as_str().unwrap().to_owned()
}

fn warnings(binary: &Binary, about: &str) -> usize {
    binary.log().matches(about).count()
}

#[tokio::test]
async fn a_trusted_proxy_names_its_client_in_any_usual_form() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_TRUSTED_PROXIES", "127.0.0.1")]);
    let cases: [(&[&[u8]], &str); 7] = [
        (&[b"x-forwarded-for: 203.0.113.7:51234"], "203.0.113.7"),
        (&[b"x-forwarded-for: [2001:db8::1]:443"], "2001:db8::1"),
        (&[b"x-forwarded-for: [2001:db8::1]"], "2001:db8::1"),
        (&[b"x-forwarded-for: 1.2.3.4, 203.0.113.8,"], "203.0.113.8"),
        (
            &[b"x-forwarded-for: 1.2.3.4", b"x-forwarded-for: 203.0.113.9"],
            "203.0.113.9",
        ),
        (&[b"x-forwarded-for: \xff\x80, 203.0.113.10"], "203.0.113.10"),
        (
            &[b"x-forwarded-for: \xc3\xa9", b"x-forwarded-for: 203.0.113.11"],
            "203.0.113.11",
        ),
    ];
    for (number, (lines, expected)) in cases.into_iter().enumerate() {
        let email = format!("user{number}@example.com");
        assert_eq!(stored_address(&binary, &email, lines), expected);
    }
    assert_eq!(binary.warnings(), [""; 0]);

    for (email, line) in [
        ("a@example.com", b"x-forwarded-for: 1.2.3.4, unknown".as_slice()),
        ("b@example.com", b"forwarded: for=203.0.113.7"),
        ("c@example.com", b"x-forwarded-for: 1.2.3.4, \xff"),
    ] {
        assert_eq!(stored_address(&binary, email, &[line]), "127.0.0.1");
    }
    assert_eq!(warnings(&binary, "names no address we can read"), 1, "{}", binary.log());
    assert_eq!(warnings(&binary, "is not believed"), 0);
}

#[tokio::test]
async fn an_unlisted_proxy_is_named_once() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    assert_eq!(stored_address(&binary, "a@example.com", &[]), "127.0.0.1");
    assert_eq!(binary.warnings(), [""; 0]);
    for (email, line) in [
        ("b@example.com", b"x-forwarded-for: 203.0.113.7".as_slice()),
        ("c@example.com", b"forwarded: for=203.0.113.7"),
        ("d@example.com", b"x-forwarded-for: 203.0.113.7"),
    ] {
        assert_eq!(stored_address(&binary, email, &[line]), "127.0.0.1");
    }
    let log = binary.log();
    assert_eq!(warnings(&binary, "is not believed"), 1, "{log}");
    let named = "a request from 127.0.0.1 carries X-Forwarded-For; it is not believed";
    assert!(
        log.contains(named) && log.contains("set NEPTUN_AUTH_TRUSTED_PROXIES"),
        "{log}"
    );
    assert!(!log.contains("203.0.113.7"), "no text of the client: {log}");

    let other = Binary::start(&database.url, &[]);
    stored_address(&other, "e@example.com", &[b"forwarded: for=203.0.113.7"]);
    assert_eq!(
        warnings(&other, "carries Forwarded; it is not believed"),
        1,
        "{}",
        other.log()
    );
}

#[tokio::test]
async fn a_platforms_own_header_may_have_a_port() {
    let database = TestDatabase::create().await;
    let settings = [("NEPTUN_AUTH_CLIENT_IP_HEADER", "CloudFront-Viewer-Address")];
    let binary = Binary::start(&database.url, &settings);
    let cases: [(&[&[u8]], &str); 3] = [
        (&[b"cloudfront-viewer-address: 198.51.100.10:46532"], "198.51.100.10"),
        (
            &[b"cloudfront-viewer-address: 2001:db8:1:2:3:4:5:6:443"],
            "2001:db8:1:2:3:4:5:6",
        ),
        (
            &[
                b"cloudfront-viewer-address: 2001:db8::1:443",
                b"x-forwarded-for: 1.2.3.4",
            ],
            "2001:db8::1",
        ),
    ];
    for (number, (lines, expected)) in cases.into_iter().enumerate() {
        let email = format!("user{number}@example.com");
        assert_eq!(stored_address(&binary, &email, lines), expected);
    }
    assert_eq!(binary.warnings(), [""; 0]);
    let garbage: [&[u8]; 1] = [b"cloudfront-viewer-address: nonsense"];
    assert_eq!(stored_address(&binary, "a@example.com", &garbage), "127.0.0.1");
    assert_eq!(warnings(&binary, "names no address we can read"), 1, "{}", binary.log());
}

/// An app may name itself in its own script.
#[tokio::test]
async fn a_user_agent_outside_ascii_is_kept() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    for (email, agent, expected) in [
        (
            "a@example.com",
            "user-agent: \u{5fae}\u{4fe1}/8.0".as_bytes(),
            "\u{5fae}\u{4fe1}/8.0",
        ),
        ("b@example.com", b"user-agent: caf\xe9/1", "caf\u{fffd}/1"),
    ] {
        let sessions = sessions_after_sign_up(&binary, email, &[agent]);
        assert_eq!(sessions[0]["user_agent"], expected);
    }
}
