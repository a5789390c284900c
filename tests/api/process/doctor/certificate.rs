//! The certificate of a running instance. The one of these tests is for localhost and ends with 2119.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use neptun_auth::app::doctor::live::{self, Live};
use neptun_auth::app::outbound::OutboundSetup;
use neptun_auth::model::cookie::SameSite;
use neptun_auth::model::doctor::Finding;
use neptun_auth::model::session::cookie::SessionCookie;
use url::Url;

use super::{PUBLIC_URL, findings, passed_on, troubles};
use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;
use crate::helpers::web::{self, WebServer, local_servers, reply};

/// What is said of the certificate of `url`, and how many findings there are, when it is looked at on `day`.
async fn look(url: &Url, setup: &OutboundSetup, day: &str) -> (Finding, usize) {
    let cookie = SessionCookie::new(url, None, SameSite::Lax, None).unwrap();
    let live = Live {
        url,
        page: "https://app.example.com",
        is_cross_origin: true,
        cookie: &cookie,
        asker: None,
    };
    let now: DateTime<Utc> = format!("{day}T12:00:00Z").parse().unwrap();
    let findings = live::findings(live, setup, now).await.unwrap();
    let mut of_certificate = findings.iter().filter(|finding| finding.id == "live.certificate");
    (of_certificate.next().unwrap().clone(), findings.len())
}

#[tokio::test]
async fn a_certificate_that_ends_within_three_weeks_or_is_not_accepted_is_named_with_the_date() {
    let server = WebServer::https(|_| reply(200, &[], r#"{"status":"ok"}"#));
    let trusting = local_servers();
    for (day, level, says, value) in [
        ("2119-12-10", "ok", "is accepted", Some("until 2120-01-01")),
        ("2119-12-12", "warn", "ends in 19 days", Some("until 2120-01-01")),
        ("2119-12-31", "warn", "ends in a day at most", Some("until 2120-01-01")),
        ("2120-01-01", "fail", "it has ended on 2120-01-01", None),
        ("2019-12-31", "fail", "it is not valid yet", None),
    ] {
        let (finding, all) = look(&server.url, &trusting, day).await;
        assert_eq!(finding.level.as_str(), level, "{day}: {finding:?}");
        assert!(finding.says.contains(says), "{day}: {finding:?}");
        assert_eq!(finding.value.as_deref(), value, "{day}");
        // Without a connection there is nothing else to say.
        assert_eq!(all == 1, level == "fail", "{day}: {all}");
    }
    let (unknown, all) = look(&server.url, &OutboundSetup::default(), "2050-01-01").await;
    assert_eq!((unknown.level.as_str(), all), ("fail", 1), "{unknown:?}");
    assert!(unknown.says.contains("no known authority has signed it"), "{unknown:?}");
    // The same address in a form that the certificate does not name.
    let port = server.url.port().unwrap();
    let other_name = Url::parse(&format!("https://[::ffff:127.0.0.1]:{port}")).unwrap();
    let (other_name, _) = look(&other_name, &trusting, "2050-01-01").await;
    assert!(other_name.says.contains("it is for other names"), "{other_name:?}");
}

#[tokio::test]
async fn an_instance_behind_tls_is_asked_by_https() {
    let database = TestDatabase::create().await;
    let address: Arc<OnceLock<SocketAddr>> = Arc::default();
    let behind = Arc::clone(&address);
    let server = WebServer::https(move |request| passed_on(*behind.get().unwrap(), request));
    let public_url = server.url.origin().ascii_serialization();
    let authority = web::file("authority.pem");
    let settings = [
        (PUBLIC_URL, public_url.as_str()),
        ("NEPTUN_AUTH_OUTBOUND_CA_FILE", authority.to_str().unwrap()),
    ];
    let running = Binary::start(&database.url, &settings);
    address.set(running.address).unwrap();
    let (all, _) = findings(&database.url, &settings, &["--live", &public_url]);
    assert_eq!(troubles(&all), [""; 0], "{all:?}");
    let certificate = all.iter().find(|finding| finding["id"] == "live.certificate").unwrap();
    assert_eq!(certificate["value"], "until 2120-01-01", "{certificate}");
    let (all, code) = findings(&database.url, &settings[..1], &["--live", &public_url]);
    assert_eq!(troubles(&all), ["live.certificate fail -"], "{all:?}");
    assert_eq!(code, 1);
}
