//! Whose address counts, behind proxies that are set up right and wrong.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{PUBLIC_URL, Variables, findings, passed_on, stdout, troubles};
use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, command, free_address};
use crate::helpers::web::{Received, WebServer};

const TRUSTED: &str = "NEPTUN_AUTH_TRUSTED_PROXIES";
const KEY: &str = "NEPTUN_AUTH_ADMIN_KEY";
/// The address of a client, as a proxy sees it.
const CLIENT: &str = "198.51.100.7";

/// What a proxy does to a header about its client's address.
#[derive(Debug, Clone, Copy)]
enum Proxy {
    PassesOn,
    Appends(&'static str),
    Overwrites(&'static str),
    Removes,
}

impl Proxy {
    fn change(self, request: &Received, header: &str) -> Received {
        let mut changed = request.clone();
        let claimed = request.header(header).unwrap_or_default().to_owned();
        let value = match self {
            Self::PassesOn => return changed,
            Self::Appends(address) => format!("{claimed}, {address}"),
            Self::Overwrites(address) => address.to_owned(),
            Self::Removes => String::new(),
        };
        changed.headers.retain(|(name, _)| name != header);
        if !value.is_empty() {
            changed.headers.push((header.to_owned(), value));
        }
        changed
    }
}

/// An instance behind a proxy that browsers reach by its public URL.
struct Setup {
    database: TestDatabase,
    public_url: String,
    key: String,
    _running: Binary,
}

async fn start(proxy: Proxy, header: &'static str, settings: Variables<'_>) -> Setup {
    let database = TestDatabase::create().await;
    let address: Arc<OnceLock<SocketAddr>> = Arc::default();
    let behind = Arc::clone(&address);
    let front = WebServer::http(move |request| passed_on(*behind.get().unwrap(), &proxy.change(request, header)));
    let public_url = front.url.origin().ascii_serialization();
    let running = Binary::start(
        &database.url,
        &[settings, &[(PUBLIC_URL, public_url.as_str())]].concat(),
    );
    address.set(running.address).unwrap();
    let mut create = command(&database.url);
    let made = create
        .args(["keys", "admin", "create", "--name", "doctor", "--json"])
        .stdout(Stdio::piped())
        .output();
    let made: Value = serde_json::from_slice(&made.unwrap().stdout).unwrap();
    Setup {
        key: made["key"].as_str().unwrap().to_owned(),
        _running: running,
        database,
        public_url,
    }
}

impl Setup {
    /// The troubles, and what is said about the client's address.
    fn look(&self, settings: Variables, key: &str) -> (Vec<String>, String) {
        let settings = [settings, &[(PUBLIC_URL, self.public_url.as_str()), (KEY, key)]].concat();
        let (findings, _) = findings(&self.database.url, &settings, &["--live", &self.public_url]);
        let said = findings.iter().find(|finding| finding["id"] == "live.client-address");
        let said = said.map_or("", |finding| finding["says"].as_str().unwrap());
        assert!(!format!("{findings:?}").contains(&self.key), "{findings:?}");
        (troubles(&findings), said.to_owned())
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_listed_or_hands_on_what_clients_claim_is_named() {
    const NOT_LISTED: &str = "live.client-address warn TRUSTED_PROXIES";
    let listed: Variables = &[(TRUSTED, "127.0.0.1")];
    let cases: [(Proxy, Variables, Option<&str>, &str); 9] = [
        (Proxy::PassesOn, &[], None, "no proxy is seen in front"),
        (
            Proxy::Appends(CLIENT),
            &[],
            Some(NOT_LISTED),
            "all clients count as one",
        ),
        (
            Proxy::Removes,
            &[],
            Some(NOT_LISTED),
            "a proxy at 127.0.0.1 is in front",
        ),
        (
            Proxy::PassesOn,
            listed,
            Some("live.client-address fail TRUSTED_PROXIES"),
            "each client chooses its own address",
        ),
        (Proxy::Appends(CLIENT), listed, None, "names its clients"),
        (Proxy::Overwrites(CLIENT), listed, None, "names its clients"),
        // As a proxy of the same machine sees doctor.
        (Proxy::Overwrites("127.0.0.1"), listed, None, "names its clients"),
        (
            Proxy::Appends("127.0.0.1"),
            listed,
            Some(NOT_LISTED),
            "if that is the machine on which doctor runs",
        ),
        (
            Proxy::Removes,
            listed,
            Some("live.client-address warn CLIENT_IP_HEADER"),
            "names no client in x-forwarded-for",
        ),
    ];
    for (proxy, settings, trouble, says) in cases {
        let setup = start(proxy, "x-forwarded-for", settings).await;
        let (troubles, said) = setup.look(settings, &setup.key);
        assert_eq!(troubles, Vec::from_iter(trouble), "{proxy:?} {settings:?}: {said}");
        assert!(said.contains(says), "{proxy:?} {settings:?}: {said}");
    }
}

#[tokio::test]
async fn a_platform_that_does_not_overwrite_its_header_is_named() {
    let platform: Variables = &[("NEPTUN_AUTH_CLIENT_IP_HEADER", "Fly-Client-IP")];
    let right = start(Proxy::Overwrites(CLIENT), "fly-client-ip", platform).await;
    let (troubles, said) = right.look(platform, &right.key);
    assert_eq!(troubles, [""; 0], "{said}");
    assert!(said.contains("names its clients"), "{said}");
    let wrong = start(Proxy::PassesOn, "fly-client-ip", platform).await;
    let (troubles, said) = wrong.look(platform, &wrong.key);
    assert_eq!(troubles, ["live.client-address fail CLIENT_IP_HEADER"], "{said}");
    // The service reads no address where there are two, and counts the proxy.
    let two = start(Proxy::Appends(CLIENT), "fly-client-ip", platform).await;
    let (troubles, said) = two.look(platform, &two.key);
    assert_eq!(troubles, ["live.client-address warn CLIENT_IP_HEADER"], "{said}");
}

#[tokio::test]
async fn a_header_that_has_a_port_too_is_claimed_with_one() {
    let platform: Variables = &[("NEPTUN_AUTH_CLIENT_IP_HEADER", "CloudFront-Viewer-Address")];
    let wrong = start(Proxy::PassesOn, "cloudfront-viewer-address", platform).await;
    let (troubles, said) = wrong.look(platform, &wrong.key);
    assert_eq!(troubles, ["live.client-address fail CLIENT_IP_HEADER"], "{said}");
}

#[tokio::test]
async fn without_a_key_that_is_accepted_the_address_is_not_looked_at() {
    let setup = start(Proxy::PassesOn, "x-forwarded-for", &[]).await;
    assert_eq!(setup.look(&[], ""), (Vec::new(), String::new()));
    let (troubles, said) = setup.look(&[], "nak_of-another-service");
    assert_eq!(troubles, ["live.client-address warn -"], "{said}");
    assert!(said.contains("the admin key is not accepted"), "{said}");
    // A key that was named must be there.
    let arguments = ["--live", &setup.public_url, "--key-file", "/no/such/file"];
    let output = super::doctor(&setup.database.url, &[], &arguments);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(2), ""),
        "{output:?}"
    );
    // Operators are served elsewhere.
    let listener = free_address().to_string();
    let private: Variables = &[("NEPTUN_AUTH_ADMIN_LISTEN", &listener)];
    let elsewhere = start(Proxy::PassesOn, "x-forwarded-for", private).await;
    let (troubles, said) = elsewhere.look(&[], &elsewhere.key);
    assert_eq!(troubles, ["live.client-address warn -"], "{said}");
    assert!(said.contains("ADMIN_LISTEN"), "{said}");
    assert_eq!(elsewhere.look(private, &elsewhere.key), (Vec::new(), String::new()));
}
