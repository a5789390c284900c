//! `--url`: the commands ask a running instance by the admin API, and say the same as on the database.

use std::fs;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::command_line::{print, print_json};
use crate::helpers::binary::{Binary, command, free_address};
use crate::helpers::web::{WebServer, reply};
use crate::helpers::{ALICE, PASSWORD, TestApp};

/// A running instance on the database of `app`, and a key for it.
struct Instance<'a> {
    app: &'a TestApp,
    binary: Binary,
    key: String,
}

fn key(app: &TestApp, scope: &str) -> String {
    let made = print_json(app, &["keys", "admin", "create", "--name", "test", "--scope", scope]);
    made["key"].as_str().unwrap().to_owned()
}

/// Runs a command that has no database to fall back on.
fn run(url: &str, key: &str, arguments: &[&str]) -> Output {
    let mut command = command("sqlite:/nowhere/at/all.db");
    command
        .env("NEPTUN_AUTH_ADMIN_KEY", key)
        .args(arguments)
        .args(["--url", url])
        .stdout(Stdio::piped());
    command.output().unwrap()
}

fn refusal(url: &str, key: &str, arguments: &[&str]) -> String {
    let output = run(url, key, arguments);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

impl<'a> Instance<'a> {
    fn start(app: &'a TestApp) -> Self {
        Self {
            app,
            binary: Binary::start(&app.database.url, &[]),
            key: key(app, "write"),
        }
    }

    fn print(&self, arguments: &[&str]) -> String {
        let output = run(&self.binary.url(""), &self.key, arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn print_json(&self, arguments: &[&str]) -> Value {
        let printed = self.print(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {printed}"))
    }

    /// Asserts that the command says the same on the database.
    fn same(&self, arguments: &[&str]) -> String {
        let said = self.print(arguments);
        assert_eq!(said, print(self.app, arguments), "{arguments:?}");
        said
    }

    fn refuses(&self, arguments: &[&str], sentence: &str) {
        let said = refusal(&self.binary.url(""), &self.key, arguments);
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn accounts_are_managed_through_a_running_instance() {
    let app = TestApp::new().await;
    let there = Instance::start(&app);
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("{PASSWORD}\n")).unwrap();
    let password = ["--password-file", file.path().to_str().unwrap()];
    let created = there.print_json(&[&["users", "create", ALICE, "--username", "alice"][..], &password].concat());
    assert_eq!(
        (&created["email"], &created["has_password"]),
        (&json!(ALICE), &json!(true))
    );
    let invited = there.print_json(&["users", "invite", "bob@example.com", "--first-name", "Bob"]);
    assert_eq!(invited["user"]["first_name"], "Bob");
    assert!(invited["expires_at"].is_string());
    let id = created["id"].as_str().unwrap();
    for name in [ALICE, "Alice@EXAMPLE.com", "alice", id] {
        assert_eq!(
            there.print_json(&["users", "show", name])["id"],
            created["id"],
            "{name}"
        );
    }
    assert!(there.same(&["users", "list"]).contains("bob@example.com"));
    let first = there.print_json(&["users", "list", "--limit", "1"]);
    let next = first["next"].as_str().unwrap();
    assert!(
        there
            .same(&["users", "list", "--limit", "1", "--before", next])
            .contains(ALICE)
    );
    there.same(&["users", "list", "ali", "--json"]);

    assert!(there.print_json(&["users", "disable", "alice"])["disabled_at"].is_string());
    assert!(there.print_json(&["users", "enable", "alice"])["disabled_at"].is_null());
    assert!(there.print_json(&["users", "verify-email", "alice"])["email_verified_at"].is_string());
    assert_eq!(
        there.print_json(&["users", "set-password", "alice", "--remove"])["has_password"],
        false
    );
    let changed = there.print_json(&[&["users", "set-password", "alice"][..], &password].concat());
    assert_eq!(changed["has_password"], true);
    let link = there.print_json(&["users", "recovery-link", "alice"]);
    assert_eq!(link["key"].as_str().map(str::len), Some(43));
    there.same(&["users", "show", "alice"]);
    there.refuses(&["users", "delete", "alice"], "add --yes to confirm");
    assert_eq!(
        there.print_json(&["users", "delete", "alice", "--yes"]),
        json!({"deleted": id})
    );
    there.refuses(&["users", "show", "alice"], "there is no account alice");
    there.refuses(&["users", "show", "bo"], "there is no account bo");
    let named = "SELECT COUNT(*) FROM events WHERE data LIKE '%\"operator\":\"key %'";
    assert!(app.count(named).await >= 3, "the service did it, by the key");
}

#[tokio::test]
async fn sessions_and_events_are_read_and_ended_through_a_running_instance() {
    let app = TestApp::new().await;
    let there = Instance::start(&app);
    let agent = ureq::Agent::new_with_defaults();
    let sign_up = |email: &str| {
        there
            .binary
            .post_credentials(&agent, "/api/auth/sign-up", email, PASSWORD)
    };
    assert_eq!(sign_up(ALICE), Some(200));
    let log_in = || {
        there
            .binary
            .post_credentials(&agent, "/api/auth/login", ALICE, PASSWORD)
    };
    assert_eq!(log_in(), Some(200));
    let sessions = there.print_json(&["sessions", "list", ALICE]);
    let id = sessions[0]["id"].as_str().unwrap();
    there.same(&["sessions", "list", ALICE]);
    there.same(&["sessions", "list", ALICE, "--json"]);
    let future = [
        "sessions",
        "revoke",
        "--before",
        "2100-01-01T00:00:00Z",
        "--kind",
        "cookie",
    ];
    let all = sessions.as_array().unwrap().len();
    let counted = there.print_json(&[&future[..], &["--dry-run"]].concat());
    assert_eq!(counted, json!({"ended": all}));
    assert_eq!(
        there.print(&["sessions", "revoke", "--session", id]),
        "1 session ended.\n"
    );
    there.refuses(&["sessions", "revoke", "--session", id], "no such account or session");
    assert_eq!(log_in(), Some(200));
    assert!(there.print_json(&["sessions", "revoke", "--user", ALICE])["ended"].as_u64() >= Some(1));
    assert_eq!(log_in(), Some(200));
    assert_eq!(there.print_json(&future), json!({"ended": 1}));
    assert_eq!(
        there.same(&["sessions", "list", ALICE]),
        "The account has no live session.\n"
    );

    app.database.settle().await;
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str, arguments: &[&str]| {
        let file = folder.path().join(name);
        let said = there.print_json(&[&["events", "export", file.to_str().unwrap()], arguments].concat());
        let text = fs::read_to_string(&file).unwrap();
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (events, said)
    };
    let (events, said) = export("all", &[]);
    assert_eq!(said["events"], events.len());
    let here = folder.path().join("here");
    print(&app, &["events", "export", here.to_str().unwrap()]);
    let all = fs::read_to_string(folder.path().join("all")).unwrap();
    assert_eq!(all, fs::read_to_string(&here).unwrap(), "the same as on the database");
    let first = events[0]["id"].as_str().unwrap();
    assert_eq!(export("rest", &["--after", first]).0, events[1..]);
    let (some, _) = export(
        "some",
        &[
            "--type",
            "sign_up,log_in",
            "--user",
            ALICE,
            "--since",
            "2024-01-01T00:00:00Z",
        ],
    );
    assert!(
        some.len() > 2
            && some
                .iter()
                .all(|event| event["type"] == "sign_up" || event["type"] == "log_in")
    );
    there.refuses(&["users", "deleted"], "on the database only");
    there.refuses(&["users", "make-admin", ALICE], "on the database only");
}

#[tokio::test]
async fn each_refusal_is_a_sentence() {
    let app = TestApp::new().await;
    let there = Instance::start(&app);
    let url = there.binary.url("");
    let list = ["users", "list"];
    for (url, key, arguments, sentence) in [
        (url.as_str(), "nak_wrong", &list[..], "does not accept the admin key"),
        (&url, "", &list, "--url needs an admin key"),
        (
            &url,
            &key(&app, "read"),
            &["users", "create", ALICE],
            "does not permit this",
        ),
        (
            &url,
            &there.key,
            &["users", "create", "alice"],
            "email: Enter one e-mail address",
        ),
        (
            &url,
            &there.key,
            &["users", "list", "--before", "?"],
            "--before is no place",
        ),
        (
            "http://auth.example.com",
            &there.key,
            &list,
            "--url must begin with https://",
        ),
        ("https://a:b@auth.example.com", &there.key, &list, "an address alone"),
        (
            &format!("http://{}", free_address()),
            &there.key,
            &list,
            "can't be reached",
        ),
    ] {
        let said = refusal(url, key, arguments);
        assert!(said.contains(sentence), "{arguments:?} at {url}: {said}");
        assert!(key.is_empty() || !said.contains(key), "{said}");
    }
    let bob = ["users", "create", "bob@example.com"];
    there.print(&bob);
    there.refuses(&bob, "A user with this email already exists");
    let mut without_url = command(&app.database.url);
    let output = without_url.args(["users", "list", "--key-file", "-"]).output().unwrap();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--key-file is for --url")
    );
}

/// An account as the admin API shows it, with a hostile address.
fn hostile_account() -> Value {
    json!({
        "id": ID, "number": 1, "email": HOSTILE, "has_password": false, "passkeys": 0, "identities": 0,
        "first_name": HOSTILE, "last_name": "", "created_at": "2024-10-04T00:00:00Z",
        "last_log_in_at": "2024-10-04T00:00:00Z",
    })
}

const ID: &str = "01a21899-811c-7109-814a-e416581587e0";
const HOSTILE: &str = "\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{202e}b";

/// Neither what a command prints nor an error that quotes the server.
#[tokio::test]
async fn nothing_that_a_server_says_commands_the_operators_terminal() {
    let page = json!({ "users": [hostile_account()], "next": HOSTILE }).to_string();
    let link = json!({ "key": HOSTILE, "url": HOSTILE, "expires_at": "2024-10-04T00:00:00Z" }).to_string();
    let ended = json!({ "ended": 0, "next": HOSTILE }).to_string();
    let server = WebServer::http(move |request| match request.method.as_str() {
        "GET" => reply(200, &[], &page),
        "POST" => reply(200, &[], &link),
        _ => reply(200, &[], &ended),
    });
    for (arguments, says) in [
        (&["users", "list"][..], "add --before \u{fffd}]52;"),
        (&["users", "list", "--json"], "\\u001b]52;"),
        (&["users", "show", ID], "\u{fffd}]52;"),
        (&["users", "recovery-link", ID], "\u{fffd}]52;"),
        (&["users", "delete", ID], "add --yes to confirm"),
        (
            &["sessions", "revoke", "--before", "2100-01-01T00:00:00Z"],
            "does not answer as this service does",
        ),
    ] {
        let output = run(server.url.as_str(), "nak_secret", arguments);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains(says), "{arguments:?}: {said:?}");
        let is_harmful = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!said.contains(is_harmful), "{arguments:?}: {said:?}");
    }
}

#[tokio::test]
async fn a_server_that_answers_with_the_same_page_for_ever_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events");
    for (arguments, page) in [
        (
            &["users", "delete", "alice", "--yes"][..],
            json!({ "users": [], "next": "0.1" }),
        ),
        (
            &["sessions", "revoke", "--before", "2100-01-01T00:00:00Z"],
            json!({ "ended": 0, "next": ID }),
        ),
        (
            &["events", "export", file.to_str().unwrap()],
            json!({ "events": [], "next": "0.1" }),
        ),
    ] {
        let asked = AtomicU32::new(0);
        let server = WebServer::http(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0..20 => reply(200, &[], &page.to_string()),
            _ => reply(401, &[], ""),
        });
        let said = refusal(server.url.as_str(), "nak_secret", arguments);
        assert!(said.contains("the same page again and again"), "{arguments:?}: {said}");
        assert_eq!(server.received().len(), 2, "{arguments:?}");
    }
}

/// During an update of the service, an instance stops and its proxy answers in its place.
#[tokio::test]
async fn a_tail_goes_on_over_a_restart_of_the_instance() {
    let event = json!({
        "id": ID, "type": "log_in", "happened_at": "2024-10-04T00:00:00Z", "actor": "self",
    });
    let page = json!({ "events": [event], "next": "0.1" }).to_string();
    let asked = AtomicU32::new(0);
    let server = WebServer::http(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => reply(200, &[], "{\"events\":[]}"),
        1 => reply(503, &[("retry-after", "2")], ""),
        2 => String::new(),
        3 => reply(200, &[], &page),
        _ => reply(401, &[], ""),
    });
    let tail = ["events", "tail", "--since", "2024-01-01T00:00:00Z", "--json"];
    let output = run(server.url.as_str(), "nak_secret", &tail);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(line["type"], "log_in");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("trying again for ten minutes"), "{said}");
    assert!(said.contains("does not accept the admin key"), "{said}");
}

/// A proxy, another program, or a hostile server.
#[tokio::test]
async fn a_server_that_is_not_ours_gets_no_second_request_and_prints_nothing_harmful() {
    let elsewhere = WebServer::http(|_| reply(200, &[], "{}"));
    let target = elsewhere.url.to_string();
    let message = "{\"code\":\"x\",\"message\":\"\\u001b[2J\"}";
    for (status, headers, body, sentence) in [
        (302, vec![("location", target.as_str())], "", "redirects"),
        (
            200,
            vec![],
            "<title>Welcome</title>",
            "does not answer as this service does",
        ),
        (
            200,
            vec![],
            "{\"users\":[{\"id\":7}]}",
            "does not answer as this service does",
        ),
        (404, vec![], "", "does ADMIN_LISTEN serve operators"),
        (429, vec![("retry-after", "3600")], "", "try again in 3600 s"),
        (500, vec![], message, "failed with 500"),
        (503, vec![("retry-after", "1")], "", "failed with 503"),
        (418, vec![], message, "\u{fffd}[2J"),
        (418, vec![], "", "does a proxy answer it?"),
    ] {
        let answer = reply(status, &headers, body);
        let server = WebServer::http(move |_| answer.clone());
        let said = refusal(server.url.as_str(), "nak_secret", &["users", "list"]);
        assert!(
            said.contains(sentence) && !said.contains("\u{1b}[2J"),
            "{status}: {said}"
        );
        let received = server.received();
        assert_eq!(received.len(), 1, "{status}");
        assert_eq!(received[0].header("authorization"), Some("Bearer nak_secret"));
        assert!(received[0].target.starts_with("/api/admin/users?limit=50"));
    }
    assert_eq!(elsewhere.received().len(), 0, "no redirect is followed with the key");
}
