//! What the service calls by itself: only where it may, and no longer and no more than it has to.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use neptun_auth::app::outbound::{Call, Outbound, OutboundError, OutboundSetup};
use tempfile::NamedTempFile;
use tokio::sync::Semaphore;
use url::Url;

use crate::helpers::web::{Received, WebServer, file, local_servers, reply};

/// Longer than any answer of a server on this machine takes.
const LONG: Duration = Duration::from_mins(2);

fn local() -> Outbound {
    Outbound::new(&local_servers()).unwrap()
}

fn hello(_: &Received) -> String {
    reply(200, &[("retry-after", "7")], "hello")
}

fn get(url: &Url) -> Call {
    Call::get(url).within(LONG)
}

#[tokio::test]
async fn each_kind_of_request_reaches_the_server_as_it_was_written() {
    for server in [WebServer::http(hello), WebServer::https(hello)] {
        let outbound = local();
        let url = server.url.join("/some/path?a=b%20c#fragment").unwrap();
        let answer = outbound.send(get(&url).header("accept", "text/plain")).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"hello".as_slice()));
        assert_eq!(answer.header("Retry-After"), Some("7"));
        assert_eq!(answer.header("location"), None);
        assert!(answer.is_success());
        let fields = [("code", "a&b=c"), ("name", "é ü")];
        let form = Call::post_form(&server.url, &fields).within(LONG);
        outbound.send(form).await.unwrap();
        let json = Call::post_json(&server.url, r#"{ "a":1}"#.to_owned()).within(LONG);
        outbound.send(json).await.unwrap();

        let received = server.received();
        let [get, form, json] = received.as_slice() else {
            panic!("{} requests", received.len());
        };
        assert_eq!(
            (get.method.as_str(), get.target.as_str()),
            ("GET", "/some/path?a=b%20c")
        );
        assert_eq!(get.header("accept"), Some("text/plain"));
        assert!(get.header("user-agent").unwrap().starts_with("neptun-auth/"));
        let host = format!("localhost:{}", server.url.port().unwrap());
        assert_eq!(get.header("host"), Some(host.as_str()));
        assert_eq!(
            (form.method.as_str(), form.body.as_str()),
            ("POST", "code=a%26b%3Dc&name=%C3%A9+%C3%BC")
        );
        assert_eq!(form.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!((json.method.as_str(), json.body.as_str()), ("POST", r#"{ "a":1}"#));
        assert_eq!(json.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn addresses_that_are_not_public_are_not_called_by_name_or_by_number() {
    let server = WebServer::https(hello);
    let plain = WebServer::http(hello);
    let outbound = Outbound::new(&OutboundSetup {
        networks: Vec::new(),
        ..local_servers()
    });
    let outbound = outbound.unwrap();
    let (port, plain_port) = (server.url.port().unwrap(), plain.url.port().unwrap());
    for url in [
        server.url.as_str(),
        plain.url.as_str(),
        &format!("https://127.0.0.1:{port}"),
        &format!("https://127.1:{port}"),
        &format!("https://0x7f000001:{port}"),
        &format!("https://2130706433:{port}"),
        &format!("https://0.0.0.0:{port}"),
        &format!("https://[::1]:{port}"),
        &format!("https://[::ffff:127.0.0.1]:{port}"),
        &format!("http://127.0.0.1:{plain_port}"),
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1",
        "https://[fd00::1]",
        "http://1.1.1.1",
    ] {
        let error = outbound.send(get(&url.parse().unwrap())).await.unwrap_err();
        assert!(matches!(error, OutboundError::NotAllowed(_)), "{url}: {error:?}");
        assert!(error.to_string().contains("OUTBOUND_NETWORKS"), "{error}");
    }
    assert_eq!(server.received().len() + plain.received().len(), 0);
}

#[tokio::test]
async fn a_listed_network_is_called_and_no_other() {
    let server = WebServer::https(hello);
    let outbound = Outbound::new(&OutboundSetup {
        networks: vec!["127.0.0.1/32".parse().unwrap()],
        ..local_servers()
    });
    let outbound = outbound.unwrap();
    assert!(outbound.send(get(&server.url)).await.is_ok());
    let mut other = server.url.clone();
    other.set_host(Some("127.0.0.2")).unwrap();
    let error = outbound.send(get(&other)).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotAllowed(_)), "{error:?}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_or_for_another_name_is_rejected() {
    let server = WebServer::https(hello);
    let networks = local_servers().networks;
    let without_authority = Outbound::new(&OutboundSetup {
        networks,
        ca_file: None,
    })
    .unwrap();
    let error = without_authority.send(get(&server.url)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Failed(_)), "{error:?}");
    let mut other_name = server.url.clone();
    other_name.set_host(Some("127.0.0.2")).unwrap();
    let error = local().send(get(&other_name)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Failed(_)), "{error:?}");
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = WebServer::http(hello);
    let location = elsewhere.url.to_string();
    let server = WebServer::http(move |_| reply(302, &[("location", &location)], ""));
    let answer = local().send(get(&server.url)).await.unwrap();
    assert_eq!((answer.status, answer.is_success()), (302, false));
    assert_eq!(answer.header("location"), Some(elsewhere.url.as_str()));
    assert_eq!(elsewhere.received().len(), 0);
}

#[tokio::test]
async fn an_answer_has_at_most_the_bytes_that_the_call_allows() {
    let lengths = [(1000, true), (1001, false), (100_000, false)];
    for (length, is_read) in lengths {
        let with_length = WebServer::http(move |_| reply(200, &[], &"x".repeat(length)));
        let without = move |_: &Received| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(length));
        for server in [with_length, WebServer::http(without)] {
            match local().send(get(&server.url).at_most(1000)).await {
                Ok(answer) => assert!(is_read && answer.body.len() == length, "{length}"),
                Err(OutboundError::TooLarge(1000)) => assert!(!is_read, "{length}"),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_finish_its_answer_is_given_up() {
    let silent = WebServer::http(|_| {
        loop {
            thread::park();
        }
    });
    let half = WebServer::http(|_| "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned());
    let outbound = local();
    let short = Duration::from_millis(100);
    let error = outbound.send(Call::get(&silent.url).within(short)).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut(_)), "{error:?}");
    let error = outbound.send(get(&half.url)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Failed(_)), "{error:?}");
    let mut nothing_there = silent.url.clone();
    nothing_there.set_port(Some(1)).unwrap();
    let error = outbound.send(get(&nothing_there)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Failed(_)), "{error:?}");
}

#[tokio::test]
async fn a_lane_has_a_bounded_number_of_requests_in_flight_and_another_lane_goes_on() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let slow = WebServer::http(move |_| {
        while opened.try_acquire().is_err() {
            thread::yield_now();
        }
        reply(200, &[], "")
    });
    let outbound = local();
    let lane = outbound.lane(2);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let (lane, call) = (lane.clone(), get(&slow.url));
            tokio::spawn(async move { lane.send(call).await })
        })
        .collect();
    while slow.received().len() < 2 {
        tokio::task::yield_now().await;
    }
    // The two have the places of the lane, so a call with little patience never leaves.
    let waiting = Call::get(&slow.url).within(Duration::from_millis(100));
    let error = lane.send(waiting).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut(_)), "{error:?}");
    assert_eq!(slow.received().len(), 2);
    let other = WebServer::http(hello);
    assert!(outbound.lane(1).send(get(&other.url)).await.is_ok());
    gate.add_permits(3);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
}

#[test]
fn a_file_without_certificates_stops_the_start() {
    let with_file = |ca_file| {
        let setup = OutboundSetup {
            networks: Vec::new(),
            ca_file: Some(ca_file),
        };
        Outbound::new(&setup).map(drop)
    };
    assert!(with_file(file("authority.pem")).is_ok());
    let empty = NamedTempFile::new().unwrap();
    for unusable in [empty.path().to_owned(), file("server.key"), file("missing.pem")] {
        let error = format!("{:#}", with_file(unusable).unwrap_err());
        assert!(error.contains("OUTBOUND_CA_FILE"), "{error}");
    }
}

#[tokio::test]
async fn nothing_of_a_call_but_its_host_is_printed() {
    let url = "https://user:hunter2@example.com/secret?key=1".parse().unwrap();
    let call = Call::post_form(&url, &[("client_secret", "abc")]).header("authorization", "Bearer abc");
    assert_eq!(format!("{call:?}"), r#"Call { host: "example.com", .. }"#);
}
