//! A running instance that is asked.

use super::{BEHIND_A_PROXY, ORIGINS, PUBLIC_URL, SAME_SITE, Variables, findings, passed_on, proxy, troubles};
use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, free_address};
use crate::helpers::web::{WebServer, reply};

#[tokio::test]
async fn a_running_instance_is_asked_as_a_browser_would_and_stays_as_it_was() {
    let database = TestDatabase::create().await;
    let right = Binary::start(&database.url, BEHIND_A_PROXY);
    let here = right.url("/");
    let ask = |settings: Variables, live: &str| {
        let arguments = ["--frontend", "https://app.example.com", "--live", live];
        let (findings, _) = findings(&database.url, settings, &arguments);
        (troubles(&findings), findings)
    };
    let (none, findings) = ask(BEHIND_A_PROXY, &here);
    assert_eq!(none, [""; 0], "{findings:?}");
    for id in ["live", "live.ready", "live.clock", "live.preflight", "live.cookie"] {
        assert!(findings.iter().any(|finding| finding["id"] == id), "{id}: {findings:?}");
    }
    // An instance with other settings than those that doctor reads.
    let strict = [BEHIND_A_PROXY, &[(SAME_SITE, "none")]].concat();
    assert_eq!(ask(&strict, &here).0, ["live.cookie fail -"]);
    let more = [
        BEHIND_A_PROXY[0],
        (ORIGINS, "https://app.example.com,https://new.example.com"),
    ];
    let arguments = ["--frontend", "https://new.example.com", "--live", &here];
    let (findings, _) = self::findings(&database.url, &more, &arguments);
    let expected = [
        "live.preflight fail ALLOWED_ORIGINS",
        "live.cookie fail ALLOWED_ORIGINS",
    ];
    assert_eq!(troubles(&findings), expected, "{findings:?}");
    // Nothing there, and something else.
    let nothing = format!("http://{}/", free_address());
    assert_eq!(ask(BEHIND_A_PROXY, &nothing).0, ["live fail -"]);
    let other = WebServer::http(|_| reply(200, &[], "<title>Welcome to nginx!</title>"));
    assert_eq!(ask(BEHIND_A_PROXY, other.url.as_str()).0, ["live fail -"]);
    // An instance that can't serve.
    let address = right.address;
    let unready = WebServer::http(move |request| {
        let is_ready = request.target == "/health/ready";
        if is_ready {
            reply(503, &[], "")
        } else {
            passed_on(address, request)
        }
    });
    assert_eq!(ask(BEHIND_A_PROXY, unready.url.as_str()).0, ["live.ready fail -"]);
}

/// A front end's server passes the API on, and `PUBLIC_URL` was not set to its address.
#[tokio::test]
async fn a_public_url_that_is_not_the_address_that_browsers_call_is_named() {
    let database = TestDatabase::create().await;
    let settings = [
        (PUBLIC_URL, "http://127.0.0.1:8080"),
        (ORIGINS, "https://app.example.com"),
    ];
    let running = Binary::start(&database.url, &settings);
    let proxy = proxy(running.address, str::to_owned);
    let url = proxy.url.as_str();
    let (findings, code) = findings(&database.url, &settings, &["--frontend", url, "--live", url]);
    let expected = [
        "front-end.origin fail PUBLIC_URL",
        "live.address warn PUBLIC_URL",
        "live.cookie fail ALLOWED_ORIGINS",
    ];
    assert_eq!(troubles(&findings), expected, "{findings:?}");
    assert_eq!(code, 1);
}
