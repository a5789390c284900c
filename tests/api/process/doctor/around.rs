//! What the service needs around it: the mail server, providers, files.

use std::io::Write;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{ORIGINS, PUBLIC_URL, SMTP_URL, findings, troubles};
use crate::helpers::TestDatabase;
use crate::helpers::binary::free_address;
use crate::helpers::web::{self, WebServer, reply};

#[tokio::test]
async fn a_mail_server_that_does_not_greet_and_none_at_all_are_named() {
    let database = TestDatabase::create().await;
    let refusing = format!("smtp://{}", free_address());
    let settings = [
        (SMTP_URL, refusing.as_str()),
        ("NEPTUN_AUTH_MAIL_FROM", "a@example.com"),
    ];
    let (findings, _) = findings(&database.url, &settings, &[]);
    assert_eq!(troubles(&findings), ["mail fail SMTP_URL"], "{findings:?}");
    let (findings, _) = self::findings(
        &database.url,
        &[(SMTP_URL, ""), (PUBLIC_URL, "https://a.example.com")],
        &[],
    );
    assert_eq!(troubles(&findings), ["mail warn SMTP_URL"], "{findings:?}");
    let (findings, _) = self::findings(&database.url, &[(SMTP_URL, "")], &[]);
    assert_eq!(troubles(&findings), [""; 0], "{findings:?}");
}

#[tokio::test]
async fn each_provider_has_its_redirect_uri_and_one_that_can_not_be_used_is_named() {
    let database = TestDatabase::create().await;
    let issuer = WebServer::https(|request| {
        if request.target == "/keys" {
            return reply(200, &[], r#"{"keys":[]}"#);
        }
        let url = format!("https://{}", request.header("host").unwrap());
        let document = json!({ "issuer": url, "authorization_endpoint": url, "token_endpoint": url,
            "jwks_uri": format!("{url}/keys") });
        reply(200, &[], &document.to_string())
    });
    let mut file = NamedTempFile::new().unwrap();
    let issuer_url = issuer.url.as_str().trim_end_matches('/');
    for (id, issuer) in [("gone", "https://127.0.0.1:9"), ("keyless", issuer_url)] {
        let section = format!("[{id}]\nkind = \"oidc\"\nissuer = \"{issuer}\"\nclient_id = \"a\"\n");
        file.write_all(section.as_bytes()).unwrap();
    }
    let authority = web::file("authority.pem");
    let settings = [
        (PUBLIC_URL, "https://auth.example.com"),
        ("NEPTUN_AUTH_PROVIDERS_FILE", file.path().to_str().unwrap()),
        ("NEPTUN_AUTH_OUTBOUND_NETWORKS", "127.0.0.0/8 ::1"),
        ("NEPTUN_AUTH_OUTBOUND_CA_FILE", authority.to_str().unwrap()),
    ];
    let (findings, _) = findings(&database.url, &settings, &[]);
    assert_eq!(
        troubles(&findings),
        ["provider.discovery fail PROVIDERS_FILE"; 2],
        "{findings:?}"
    );
    let uris = findings
        .iter()
        .filter(|finding| finding["id"] == "provider.redirect-uri");
    let uris: Vec<_> = uris.map(|finding| finding["value"].as_str().unwrap()).collect();
    assert_eq!(
        uris,
        [
            "https://auth.example.com/auth/gone",
            "https://auth.example.com/auth/keyless"
        ]
    );
    let says = |text: &str| {
        findings
            .iter()
            .any(|finding| finding["says"].as_str().unwrap().contains(text))
    };
    assert!(says("publishes no key that this service can verify"), "{findings:?}");
}

/// A server with two issuers: what one signs with can be verified, and not what the other signs with.
fn two_issuers() -> WebServer {
    WebServer::https(|request| {
        let url = format!("https://{}", request.header("host").unwrap());
        let Some(path) = request.target.strip_suffix("/.well-known/openid-configuration") else {
            let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43) });
            return reply(200, &[], &json!({ "keys": [key] }).to_string());
        };
        let algorithms = if path == "/odd" {
            ["HS256", "PS256"]
        } else {
            ["PS256", "EdDSA"]
        };
        let document = json!({ "issuer": url.clone() + path, "authorization_endpoint": url, "token_endpoint": url,
            "jwks_uri": format!("{url}/keys"), "id_token_signing_alg_values_supported": algorithms });
        reply(200, &[], &document.to_string())
    })
}

#[tokio::test]
async fn a_provider_whose_signatures_can_not_be_verified_is_named_with_its_algorithms() {
    let database = TestDatabase::create().await;
    let server = two_issuers();
    let mut file = NamedTempFile::new().unwrap();
    for id in ["odd", "even"] {
        let issuer = format!("{}{id}", server.url);
        let section = format!("[{id}]\nkind = \"oidc\"\nissuer = \"{issuer}\"\nclient_id = \"a\"\n");
        file.write_all(section.as_bytes()).unwrap();
    }
    let authority = web::file("authority.pem");
    let settings = [
        ("NEPTUN_AUTH_PROVIDERS_FILE", file.path().to_str().unwrap()),
        ("NEPTUN_AUTH_OUTBOUND_NETWORKS", "127.0.0.0/8 ::1"),
        ("NEPTUN_AUTH_OUTBOUND_CA_FILE", authority.to_str().unwrap()),
    ];
    let (findings, _) = findings(&database.url, &settings, &[]);
    assert_eq!(
        troubles(&findings),
        ["provider.algorithms fail PROVIDERS_FILE"],
        "{findings:?}"
    );
    let found = |id: &str| findings.iter().find(|finding| finding["id"] == id).unwrap();
    let says = found("provider.algorithms")["says"].as_str().unwrap();
    assert!(says.contains("odd signs with HS256, PS256 only"), "{says}");
    let even = &found("provider.discovery")["value"];
    assert!(even.as_str().unwrap().ends_with("/even"), "{even}");
}

#[tokio::test]
async fn pages_that_can_not_use_passkeys_are_named() {
    let database = TestDatabase::create().await;
    let settings = [
        (PUBLIC_URL, "https://auth.example.com"),
        (ORIGINS, "https://app.example.com"),
        ("NEPTUN_AUTH_RP_ID", "auth.example.com"),
    ];
    let (elsewhere, _) = findings(&database.url, &settings, &["--frontend", "https://app.example.com"]);
    assert_eq!(troubles(&elsewhere), ["front-end.passkeys warn RP_ID"], "{elsewhere:?}");
    let (address, _) = findings(&database.url, &[(PUBLIC_URL, "https://192.0.2.1")], &[]);
    let says = |text: &str| {
        address
            .iter()
            .any(|finding| finding["says"].as_str().unwrap().contains(text))
    };
    assert!(says("browsers make none for an IP address"), "{address:?}");
}

/// What doctor says of a list of breached passwords with these lines, and of this length if that is more.
fn look_at_list(database_url: &str, lines: impl Iterator<Item = String>, length: u64) -> (Vec<String>, String) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(lines.collect::<String>().as_bytes()).unwrap();
    // What no line covers takes no room on the disk.
    let written = file.as_file().metadata().unwrap().len();
    file.as_file().set_len(length.max(written)).unwrap();
    let list = [("NEPTUN_AUTH_BREACHED_PASSWORDS", file.path().to_str().unwrap())];
    let (findings, _) = findings(database_url, &list, &[]);
    let about = |finding: &&Value| finding["setting"] == "BREACHED_PASSWORDS";
    let said = findings.iter().find(about).unwrap();
    (
        troubles(&findings),
        format!("{} {}", said["says"].as_str().unwrap(), said["value"]),
    )
}

#[tokio::test]
async fn a_list_of_breached_passwords_is_looked_at_in_samples_and_named_unless_it_is_sorted() {
    let database = TestDatabase::create().await;
    let look = |lines: &mut dyn Iterator<Item = String>, length| look_at_list(&database.url, lines, length);
    let line = |number: u64| format!("{number:040X}:7\r\n");
    let (none, said) = look(&mut (0..100_000).map(line), 0);
    assert_eq!(none, [""; 0], "{said}");
    assert!(said.contains("sorted at the 2000 lines that were looked at"), "{said}");
    assert!(said.ends_with("\"4 MiB\""), "{said}");
    let by_count = |number: u64| line(number * 7919 % 5000);
    let of_windows = |number: u64| format!("{number:032X}:7\r\n");
    for (name, lines, length) in [
        (
            "text",
            &mut ["not a hash\n".to_owned()].into_iter() as &mut dyn Iterator<Item = String>,
            0,
        ),
        ("sorted by count", &mut (0..5000).map(by_count), 0),
        ("of Windows", &mut (0..5000).map(of_windows), 0),
        // As after a download that reserved the room and broke off.
        (
            "40 GiB that are empty but for the beginning",
            &mut (0..5000).map(line),
            40 << 30,
        ),
    ] {
        let (troubles, said) = look(lines, length);
        assert_eq!(troubles, ["settings fail BREACHED_PASSWORDS"], "{name}: {said}");
        assert!(said.contains("one a line, sorted by hash"), "{name}: {said}");
    }
}
