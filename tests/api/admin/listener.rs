//! The private listener for operators.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use poem::http::StatusCode;
use serde_json::{Value, json};

use super::command_line::print_json;
use crate::helpers::binary::{Binary, agent, free_address};
use crate::helpers::{ALICE, PASSWORD, TestApp};

const USERS: &str = "/api/admin/users";

/// Status and code of the answer to a GET with these headers.
fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut request = agent().get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.call().unwrap();
    let status = response.status();
    let body = response.body_mut().read_json::<Value>().unwrap();
    (status, body["code"].clone())
}

#[tokio::test]
async fn with_a_private_listener_operators_are_served_there_only_and_with_keys_only() {
    let app = TestApp::new().await;
    let made = print_json(&app, &["keys", "admin", "create", "--name", "desk"]);
    let private = free_address();
    let settings = [("NEPTUN_AUTH_ADMIN_LISTEN", &*private.to_string())];
    let binary = Binary::start(&app.database.url, &settings);
    let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
    let key = [("authorization", bearer.as_str())];
    let (ok, unauthorised, missing) = (StatusCode::OK, StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND);

    assert_eq!(get(private, USERS, &key), (ok, Value::Null));
    assert_eq!(get(private, USERS, &[]), (unauthorised, json!("not_authenticated")));
    for hidden in [USERS, "/api/admin/users/", "/api/admin/events", "/api/admin/statistics"] {
        assert_eq!(
            get(binary.address, hidden, &key),
            (missing, json!("not_found")),
            "{hidden}"
        );
    }
    // Pages work with sessions, which the private listener does not take.
    for page in ["/admin", "/admin/", "/admin/users"] {
        for address in [binary.address, private] {
            assert_eq!(get(address, page, &key), (missing, json!("not_found")), "{page}");
        }
    }
    let mut start = agent().get(binary.url("/")).call().unwrap();
    assert!(!start.body_mut().read_to_string().unwrap().contains("/admin/"));
    for elsewhere in ["/", "/api/auth/session", "/health/ready", "/metrics", "/api/admin"] {
        assert_eq!(
            get(private, elsewhere, &key),
            (missing, json!("not_found")),
            "{elsewhere}"
        );
    }

    // A session is nothing there, also one that a page of the service's own sends.
    let body = json!({ "email": ALICE, "password": PASSWORD });
    let signed_up = agent().post(binary.url("/api/auth/sign-up")).send_json(body).unwrap();
    let cookie = signed_up.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let origin = format!("http://localhost:{}", binary.address.port());
    let page = [
        ("cookie", cookie),
        ("origin", &origin),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(get(binary.address, "/api/auth/session", &page).0, ok);
    assert_eq!(get(private, USERS, &page), (unauthorised, json!("not_authenticated")));
    let without = Binary::start(&app.database.url, &[]);
    let origin = format!("http://localhost:{}", without.address.port());
    let page = [
        ("cookie", cookie),
        ("origin", &origin),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        get(without.address, USERS, &page),
        (StatusCode::FORBIDDEN, json!("not_permitted"))
    );
    assert_eq!(get(without.address, USERS, &key), (ok, Value::Null));
}

#[tokio::test]
async fn the_start_warns_of_a_private_listener_that_other_networks_may_reach() {
    let app = TestApp::new().await;
    let port = free_address().port();
    for (address, is_warned_of) in [
        (format!("127.0.0.1:{port}"), false),
        (port.to_string(), false),
        (format!("0.0.0.0:{port}"), true),
        (format!("[::]:{port}"), true),
    ] {
        let binary = Binary::start(&app.database.url, &[("NEPTUN_AUTH_ADMIN_LISTEN", &address)]);
        let warnings = binary.warnings();
        let of_listener = warnings
            .iter()
            .filter(|warning| warning.contains("NEPTUN_AUTH_ADMIN_LISTEN"));
        assert_eq!(
            of_listener.count(),
            usize::from(is_warned_of),
            "{address}: {warnings:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_what_an_operator_has_asked_for() {
    let app = TestApp::new().await;
    let made = print_json(&app, &["keys", "admin", "create", "--name", "desk", "--scope", "write"]);
    let private = free_address();
    let settings = [("NEPTUN_AUTH_ADMIN_LISTEN", &*private.to_string())];
    let mut binary = Binary::start(&app.database.url, &settings);
    let held = app.database.hold_writes().await;

    let body = json!({ "email": ALICE, "password": PASSWORD }).to_string();
    let mut operator = TcpStream::connect(private).unwrap();
    operator.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = format!(
        "POST {USERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        made["key"].as_str().unwrap(),
        body.len()
    );
    operator.write_all(request.as_bytes()).unwrap();
    let mut asked = [0; 25];
    operator.read_exact(&mut asked).unwrap();
    assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n", "the request is in flight");
    operator.write_all(body.as_bytes()).unwrap();

    binary.signal("-TERM");
    while binary.status("GET", "/health/live").is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(held);
    let mut answer = String::new();
    operator.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let status = binary.wait(Duration::from_secs(30)).expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", binary.log());
    assert_eq!(app.database.users().await, 1);
}
