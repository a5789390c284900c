//! `neptun-auth doctor`, the real binary: what it names, what it prints, and what it leaves alone.

mod around;
mod arrival;
mod certificate;
mod database;
mod live;
mod passkeys;
mod set_ups;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, command};
use crate::helpers::web::{Received, WebServer};

/// Variables and their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// What doctor prints with these settings, which have a mail server unless they name another one.
fn doctor(database_url: &str, settings: Variables, arguments: &[&str]) -> Output {
    let mut command = command(database_url);
    if !settings.iter().any(|(name, _)| *name == SMTP_URL) {
        command.env(SMTP_URL, mail_server());
        command.env("NEPTUN_AUTH_MAIL_FROM", "a@example.com");
    }
    command.arg("doctor").args(arguments).envs(settings.iter().copied());
    command.stdout(Stdio::piped()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The findings, and the exit code.
fn findings(database_url: &str, settings: Variables, arguments: &[&str]) -> (Vec<Value>, i32) {
    let output = doctor(database_url, settings, &[arguments, &["--json"]].concat());
    let text = stdout(&output);
    let findings = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text} {output:?}"));
    (findings, output.status.code().unwrap())
}

/// The findings that are not `ok`, each as `id level setting`.
fn troubles(findings: &[Value]) -> Vec<String> {
    let troubles = findings.iter().filter(|finding| finding["level"] != "ok");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    troubles
        .map(|finding| {
            let parts = [&finding["id"], &finding["level"], &finding["setting"]];
            parts.map(text).join(" ")
        })
        .collect()
}

/// The URL of a mail server that greets.
fn mail_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = BufReader::new(connection.unwrap());
            connection.get_mut().write_all(b"220 mail.example.com\r\n").unwrap();
            let mut line = String::new();
            // The client may hang up whenever it likes.
            while connection.read_line(&mut line).is_ok_and(|read| read > 0) {
                if connection.get_mut().write_all(b"250 mail.example.com\r\n").is_err() {
                    break;
                }
            }
        }
    });
    format!("smtp://{address}")
}

const SMTP_URL: &str = "NEPTUN_AUTH_SMTP_URL";
const PUBLIC_URL: &str = "NEPTUN_AUTH_PUBLIC_URL";
const ORIGINS: &str = "NEPTUN_AUTH_ALLOWED_ORIGINS";
const SAME_SITE: &str = "NEPTUN_AUTH_COOKIE_SAME_SITE";
const BEHIND_A_PROXY: Variables = &[
    (PUBLIC_URL, "https://auth.example.com"),
    (ORIGINS, "https://app.example.com"),
];

/// A proxy in front of the service, which changes its answers.
fn proxy(service: SocketAddr, change: fn(&str) -> String) -> WebServer {
    WebServer::http(move |request| change(&passed_on(service, request)))
}

fn passed_on(service: SocketAddr, request: &Received) -> String {
    let mut stream = TcpStream::connect(service).unwrap();
    let headers = request.headers.iter().filter(|(name, _)| name != "connection");
    let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let (method, target, body) = (&request.method, &request.target, &request.body);
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn settings_that_are_right_are_called_right() {
    let database = TestDatabase::create().await;
    let right: [(Variables, &[&str]); 4] = [
        (&[], &[]),
        (&[], &["--frontend", "http://localhost:3000"]),
        (
            &[
                (PUBLIC_URL, "https://auth.example.com"),
                (ORIGINS, "https://app.example.com"),
            ],
            &["--frontend", "https://app.example.com"],
        ),
        (
            &[
                (PUBLIC_URL, "https://auth.example.com"),
                (ORIGINS, "https://app.example.com"),
                ("NEPTUN_AUTH_COOKIE_DOMAIN", "example.com"),
            ],
            &["--frontend", "https://app.example.com"],
        ),
    ];
    for (settings, arguments) in right {
        let (findings, code) = findings(&database.url, settings, arguments);
        assert_eq!(troubles(&findings), [""; 0], "{settings:?} {findings:?}");
        assert_eq!(code, 0);
    }
}

#[tokio::test]
async fn settings_with_which_the_service_does_not_start_are_a_finding_with_their_name() {
    let database = TestDatabase::create().await;
    let settings = [
        (PUBLIC_URL, "https://auth.example.com"),
        ("NEPTUN_AUTH_COOKIE_DOMAIN", "com"),
    ];
    let (findings, code) = findings(&database.url, &settings, &[]);
    assert_eq!(troubles(&findings), ["settings fail COOKIE_DOMAIN"], "{findings:?}");
    assert_eq!(code, 1);
    let exposed = [("NEPTUN_AUTH_LISTEN", "0.0.0.0:8080")];
    let (findings, _) = self::findings(&database.url, &exposed, &[]);
    assert_eq!(troubles(&findings), ["public-url warn PUBLIC_URL"], "{findings:?}");
}

#[tokio::test]
async fn doctor_reads_a_file_and_empty_variables_as_the_service_does() {
    let database = TestDatabase::create().await;
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(b"cookie_same_site = 'strict'\nsession_idle_timeout = '1h'\n")
        .unwrap();
    let settings = [
        ("NEPTUN_AUTH_CONFIG", file.path().to_str().unwrap()),
        ("NEPTUN_AUTH_COOKIE_DOMAIN", ""),
        ("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "5m"),
    ];
    let (findings, _) = findings(&database.url, &settings, &[]);
    let expected = [
        "session.idle warn SESSION_IDLE_TIMEOUT",
        "front-end.links warn COOKIE_SAME_SITE",
    ];
    assert_eq!(troubles(&findings), expected, "{findings:?}");
}

#[tokio::test]
async fn doctor_that_can_not_look_exits_with_2() {
    let database = TestDatabase::create().await;
    for (settings, arguments) in [
        (vec![], vec!["--frontend", "no address"]),
        (vec![("NEPTUN_AUTH_COOKIE_SAME_SITE", "sometimes")], vec![]),
        (vec![("NEPTUN_AUTH_CONFIG", "/no/such/file.toml")], vec![]),
    ] {
        let output = doctor(&database.url, &settings, &arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(!output.stderr.is_empty());
    }
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn doctor_changes_nothing_and_makes_no_file() {
    let folder = TempDir::new().unwrap();
    let database_url = format!("sqlite:{}", folder.path().join("auth.db").display());
    assert!(doctor(&database_url, &[], &[]).status.success());
    assert_eq!(contents(folder.path()), []);

    let mut service = Binary::start(&database_url, &[]);
    service.sign_up("alice@example.com").unwrap();
    service.signal("-TERM");
    service.wait(Duration::from_mins(1)).unwrap();
    let before = contents(folder.path());
    assert!(!before.is_empty());
    assert!(doctor(&database_url, &[], &[]).status.success());
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn doctor_never_prints_a_secret() {
    let folder = TempDir::new().unwrap();
    let database_url = format!("sqlite:{}", folder.path().join("auth.db").display());
    let secret = "hush-and-never-tell-0123456789abcdef";
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(secret.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let smtp = format!("smtp://user:{secret}@127.0.0.1:9");
    let broken = format!("smtp:user:{secret}");
    let right = [
        ("NEPTUN_AUTH_SECRET_KEY", secret),
        ("NEPTUN_AUTH_PREVIOUS_SECRET_KEY", secret),
        ("NEPTUN_AUTH_SMTP_URL", &smtp),
        ("NEPTUN_AUTH_MAIL_FROM", "a@example.com"),
        ("NEPTUN_AUTH_IMPORTED_PEPPER_FILE", path),
    ];
    let wrong = [
        ("NEPTUN_AUTH_SECRET_KEY", secret),
        ("NEPTUN_AUTH_SMTP_URL", broken.as_str()),
        (
            "NEPTUN_AUTH_DATABASE_URL",
            "mysql://user:hush-and-never-tell-0123456789abcdef@127.0.0.1/x",
        ),
    ];
    for settings in [&right[..], &wrong[..]] {
        for arguments in [&[][..], &["--json"]] {
            let output = doctor(&database_url, settings, arguments);
            let all = stdout(&output) + &String::from_utf8(output.stderr.clone()).unwrap();
            assert!(stdout(&output).contains("settings"), "{output:?}");
            assert!(!all.contains("hush"), "{all}");
        }
    }
}
