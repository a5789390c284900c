//! `serve --ephemeral`, for the end-to-end tests of applications.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use poem::http::StatusCode;
use serde_json::{Value, json};
use ureq::Agent;

use crate::helpers::binary::{Binary, agent, command, ephemeral_command, free_address};
use crate::helpers::{ALICE, PASSWORD, TestDatabase};

struct Tools<'b> {
    binary: &'b Binary,
    agent: Agent,
    bearer: String,
}

impl<'b> Tools<'b> {
    fn of(binary: &'b Binary) -> Self {
        let log = binary.log();
        let (_, rest) = log
            .split_once("Authorization: Bearer ")
            .expect("the start prints the key");
        Self {
            binary,
            agent: agent(),
            bearer: format!("Bearer {}", rest.split_whitespace().next().unwrap()),
        }
    }

    fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = self.agent.get(self.binary.url(path));
        read(request.header("authorization", &self.bearer).call().unwrap())
    }

    fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.agent.post(self.binary.url(path));
        read(request.header("authorization", &self.bearer).send_json(body).unwrap())
    }

    fn now(&self) -> DateTime<chrono::Utc> {
        let (status, body) = self.get("/dev/clock");
        assert_eq!(status, 200);
        body["now"].as_str().unwrap().parse().unwrap()
    }

    /// The signed-in address, by the agent's cookie.
    fn shown_email(&self) -> Value {
        let (_, body) = read(self.agent.get(self.binary.url("/api/_auth/session")).call().unwrap());
        body["user"]["primary_email"].clone()
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> (StatusCode, Value) {
    let status = response.status();
    (status, response.body_mut().read_json().unwrap_or(Value::Null))
}

#[test]
fn a_session_is_minted_for_an_account_that_is_made_on_the_way() {
    let binary = Binary::start_ephemeral(&[]);
    let tools = Tools::of(&binary);
    let (status, minted) = tools.post("/dev/sessions", &json!({ "email": ALICE }));
    assert_eq!((status, &minted["user"]["email"]), (StatusCode::OK, &json!(ALICE)));
    assert_eq!(tools.shown_email(), ALICE);
    let (_, again) = tools.post("/dev/sessions", &json!({ "email": ALICE }));
    assert_eq!(again["user"]["id"], minted["user"]["id"]);
    let (_, session) = read(tools.agent.get(binary.url("/api/auth/session")).call().unwrap());
    assert_eq!(session["amr"], json!(["pwd", "mfa"]));
    assert_eq!(session["user"]["email_verified"], true);
    for refused in [json!({}), json!({ "email": "alice" }), json!([]), json!({ "email": 1 })] {
        let (status, body) = tools.post("/dev/sessions", &refused);
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::BAD_REQUEST, &json!("validation_error"))
        );
    }
}

#[test]
fn the_clock_moves_forwards_and_what_expires_by_it_expires() {
    let binary = Binary::start_ephemeral(&[]);
    let tools = Tools::of(&binary);
    tools.post("/dev/sessions", &json!({ "email": ALICE }));
    let before = tools.now();
    let (status, moved) = tools.post("/dev/clock", &json!({ "advance": 6 * 24 * 3600 }));
    assert_eq!(status, 200);
    let now: DateTime<chrono::Utc> = moved["now"].as_str().unwrap().parse().unwrap();
    assert!(now - before >= TimeDelta::days(6), "{before} {now}");
    assert_eq!(tools.shown_email(), ALICE);
    let later = (tools.now() + TimeDelta::days(8)).to_rfc3339();
    assert_eq!(tools.post("/dev/clock", &json!({ "now": later })).0, 200);
    assert_eq!(tools.shown_email(), Value::Null);
    let earlier = (tools.now() - TimeDelta::hours(1)).to_rfc3339();
    for refused in [
        json!({ "advance": -1 }),
        json!({ "now": earlier }),
        json!({ "advance": i64::MAX }),
        json!({ "advance": "1h" }),
        json!({}),
    ] {
        assert_eq!(
            tools.post("/dev/clock", &refused).0,
            StatusCode::BAD_REQUEST,
            "{refused}"
        );
    }
}

#[test]
fn the_clock_does_not_leave_the_years_that_times_are_written_in() {
    let binary = Binary::start_ephemeral(&[]);
    let tools = Tools::of(&binary);
    let far = json!({ "advance": 3653 * 24 * 3600 });
    let moved = (0..20).take_while(|_| tools.post("/dev/clock", &far).0 == 200).count();
    assert!((5..10).contains(&moved), "{moved}");
    assert_eq!(tools.post("/dev/clock", &far).0, StatusCode::BAD_REQUEST);
    assert_eq!(tools.post("/dev/sessions", &json!({ "email": ALICE })).0, 200);
    assert_eq!(tools.shown_email(), ALICE);
}

#[test]
fn mails_are_read_as_json() {
    let binary = Binary::start_ephemeral(&[]);
    let tools = Tools::of(&binary);
    tools.post("/dev/sessions", &json!({ "email": ALICE }));
    let asked = tools.agent.post(binary.url("/auth/otp"));
    let body = json!({ "action": "create", "email": ALICE });
    assert_eq!(asked.send_json(body).unwrap().status(), 200);
    // The mail leaves in a round of its own, and so does one about the new device.
    let mail = loop {
        let (_, mails) = tools.get("/dev/mails");
        let mut mails = mails.as_array().unwrap().clone().into_iter();
        let is_meant = |mail: &Value| mail["subject"].as_str().unwrap().contains("reset your password");
        if let Some(mail) = mails.find(is_meant) {
            break mail;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(mail["to"], ALICE);
    assert!(mail["text"].is_string() && mail["at"].is_string(), "{mail}");
}

#[test]
fn only_programs_of_this_machine_with_the_key_use_the_tools() {
    let binary = Binary::start_ephemeral(&[]);
    let tools = Tools::of(&binary);
    let ask = |headers: &[(&str, &str)]| {
        let mut request = agent().get(binary.url("/dev/clock"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call().unwrap().status().as_u16()
    };
    let key = ("authorization", tools.bearer.as_str());
    assert_eq!(ask(&[key]), 200);
    for refused in [
        &[] as &[_],
        &[("authorization", "Bearer other")],
        &[key, ("host", "auth.example.com")],
        &[key, ("x-forwarded-for", "127.0.0.1")],
        &[key, ("origin", "https://evil.example")],
    ] {
        assert_eq!(ask(refused), 404, "{refused:?}");
    }
    let (status, _) = read(
        agent()
            .post(binary.url("/dev/sessions"))
            .send_json(json!({ "email": ALICE }))
            .unwrap(),
    );
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn hashes_are_cheap_and_nothing_is_limited_or_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut binary = Binary::start_ephemeral(&[("TMPDIR", folder.path().to_str().unwrap())]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    for number in 0..40 {
        assert_eq!(binary.sign_up(&format!("user{number}@example.com")), Some(200));
        assert_eq!(binary.log_in("user0@example.com", "another password"), Some(401));
    }
    assert_eq!(binary.log_in("user0@example.com", PASSWORD), Some(200));
    binary.signal("-TERM");
    let ended = binary.wait(Duration::from_mins(1)).expect("it ends");
    assert!(ended.success(), "{ended}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_belongs_to_a_service_that_people_use_is_refused() {
    for (name, value, sentence) in [
        ("NEPTUN_AUTH_DATABASE_URL", "sqlite:mine.db", "take DATABASE_URL away"),
        ("DATABASE_URL", "postgres://localhost/mine", "take DATABASE_URL away"),
        ("PORT", "8080", "take PORT away"),
        ("NEPTUN_AUTH_LISTEN", "0.0.0.0:8080", "must be on localhost"),
        (
            "NEPTUN_AUTH_PUBLIC_URL",
            "https://auth.example.com",
            "must be on localhost",
        ),
        ("NEPTUN_AUTH_SMTP_URL", "smtp://localhost:25", "take SMTP_URL away"),
    ] {
        let mut command = ephemeral_command();
        command.env("NEPTUN_AUTH_LISTEN", free_address().to_string());
        let output = command.env(name, value).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {error}");
        assert!(error.contains(sentence), "{name}: {error}");
        assert!(!Path::new("mine.db").exists());
    }
}

#[tokio::test]
async fn a_service_that_people_use_has_no_such_tools() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[]);
    for path in ["/dev/clock", "/dev/sessions", "/dev/mails"] {
        assert_eq!(binary.status("GET", path), Some(404), "{path}");
        assert_eq!(binary.status("POST", path), Some(404), "{path}");
    }
    // The default command is the service that keeps what it is given.
    let mut default = command(&database.url);
    let output = default.arg("--ephemeral").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
