//! Log lines and metrics: what operators see, and what must never be in them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, agent, command, free_address, metrics};

#[tokio::test]
async fn each_request_is_one_line_without_personal_data() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_LOG_FORMAT", "json"),
        ("NEPTUN_AUTH_LOG", "trace,hyper=debug,h2=debug"),
    ];
    let binary = Binary::start(&database.url, &settings);
    let agent = agent();
    let (email, password) = ("canary-email@example.com", "canary-password");
    assert_eq!(
        binary.post_credentials(&agent, "/api/auth/sign-up?canary-query=1", email, password),
        Some(200)
    );
    let stored = agent.cookie_jar_lock();
    let cookies: Vec<_> = stored.iter().map(|cookie| cookie.value().to_owned()).collect();
    drop(stored);
    assert_eq!(cookies.len(), 2);
    assert_eq!(
        binary.post_credentials(&agent, "/api/auth/login", email, "canary-wrong-password"),
        Some(401)
    );
    let evil_agent = "evil\tcanary-agent \u{9b}31m";
    agent
        .get(binary.url("/api/auth/session?token=canary-query"))
        .header("user-agent", evil_agent)
        .call()
        .unwrap();

    let lines = binary.log_lines();
    let log = binary.log();
    for canary in ["canary", "neptun-session", "neptun-device", &cookies[0], &cookies[1]] {
        assert!(!log.contains(canary), "{canary} is in the log:\n{log}");
    }
    let line = |operation: &str| {
        let found = lines
            .iter()
            .find(|line| line["operation"] == operation && line["message"] == "answered");
        found.unwrap_or_else(|| panic!("no line for {operation}:\n{log}"))
    };
    assert_eq!(line("signUp")["status"], 200);
    assert_eq!(line("logIn")["status"], 401);
    assert_eq!(line("getSession")["status"], 200);
    // The account and the session for which a request acts, by their ids.
    let (signed_up, looked, refused) = (
        &line("signUp")["span"],
        &line("getSession")["span"],
        &line("logIn")["span"],
    );
    for name in ["account", "session"] {
        assert!(uuid::Uuid::parse_str(signed_up[name].as_str().unwrap()).is_ok());
        assert_eq!(signed_up[name], looked[name], "{name}");
        assert!(refused[name].is_null(), "{name}");
    }
    for operation in ["signUp", "logIn", "getSession"] {
        let line = line(operation);
        let duration = line["duration_ms"].to_string();
        assert!(duration.parse::<f64>().unwrap() > 0.0);
        assert!(
            duration.split('.').nth(1).is_none_or(|digits| digits.len() <= 3),
            "{duration}"
        );
        assert!(uuid::Uuid::parse_str(line["span"]["request_id"].as_str().unwrap()).is_ok());
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}

#[tokio::test]
async fn checks_and_probes_are_logged_only_when_they_fail() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_LOG_FORMAT", "json")]);
    let signed_in = agent();
    let sign_up = binary.post_credentials(
        &signed_in,
        "/api/auth/sign-up",
        "user@example.com",
        "correct horse battery",
    );
    assert_eq!(sign_up, Some(200));
    let (check, verify) = (binary.url("/api/auth/check"), binary.url("/api/auth/verify"));
    for answer in [
        signed_in.get(&check).call(),
        signed_in.head(&check).call(),
        signed_in.get(&verify).call(),
    ] {
        assert!(answer.unwrap().status().is_success());
    }
    assert_eq!(binary.status("GET", "/health/live"), Some(200));
    assert_eq!(binary.status("GET", "/health/ready"), Some(200));
    let signed_out = agent();
    assert_eq!(signed_out.get(&check).call().unwrap().status(), 401);
    assert_eq!(signed_out.get(&verify).call().unwrap().status(), 401);

    let lines = binary.log_lines();
    // While the service starts, it is asked for its readiness, and may say no.
    let answered: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "answered")
        .skip_while(|line| line["operation"] != "signUp")
        .map(|line| (line["operation"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        answered,
        [("signUp", 200), ("checkSessionByGet", 401), ("verifySession", 401)]
    );
}

#[tokio::test]
async fn a_request_without_an_operation_is_logged_with_the_known_parts_of_its_path() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_LOG_FORMAT", "json")]);
    for path in [
        "/prefix/api/auth/login?canary",
        "/canary@example.com/reset-passwort",
        "/api/users/canary",
        "/docs/",
    ] {
        binary.status("GET", path);
    }
    let lines = binary.log_lines();
    // While the service starts, it is asked for its readiness, and may say no.
    let answered = lines
        .iter()
        .filter(|line| line["message"] == "answered" && line["operation"] != "getReadiness");
    let paths: Vec<_> = answered
        .map(|line| (line["path"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        paths,
        [
            ("/*/api/auth/login", 404),
            ("/*/*", 404),
            ("/api/users/{user_id}", 405),
            ("/docs", 200)
        ]
    );
    assert!(!binary.log().contains("canary"));
}

/// The lines at the start too: an operator's log pipeline takes JSON only.
#[tokio::test]
async fn a_log_in_json_is_nothing_but_json_on_one_stream() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_LOG_FORMAT", "json"),
        ("NEPTUN_AUTH_LISTEN", "127.0.0.1:0"),
    ];
    let mut child = command(&database.url)
        .envs(settings)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first: Vec<Value> = (0..3)
        .map(|_| serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap())
        .collect();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = first
        .iter()
        .any(|line| line["message"].as_str().unwrap().contains("listens on"));
    assert!(said, "{first:?}");
}

#[test]
fn an_error_that_stops_the_start_is_json_too() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("auth.db").display());
    for wrong in [
        ("NEPTUN_AUTH_PUBLIC_URL", "http://auth.example.com"),
        ("NEPTUN_AUTH_SMTP_URL", "localhost:25"),
    ] {
        let output = command(&url)
            .envs([wrong, ("NEPTUN_AUTH_LOG_FORMAT", "json")])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let last = lines.last().expect("a line");
        assert_eq!(last["level"], "ERROR", "{text}");
        let name = wrong.0.trim_start_matches("NEPTUN_AUTH_");
        assert!(last["message"].as_str().unwrap().contains(name), "{text}");
    }
}

#[test]
fn a_log_has_colours_on_a_terminal_only() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("auth.db").display());
    let log = |no_color: &str| {
        // `script` gives the command a terminal.
        let mut script = Command::new("script");
        script.args([
            "-qec",
            &format!("{} migrate", env!("CARGO_BIN_EXE_neptun-auth")),
            "/dev/null",
        ]);
        script.env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
        script.env("NEPTUN_AUTH_DATABASE_URL", &url).env("NO_COLOR", no_color);
        String::from_utf8(script.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
    };
    let colour = "\u{1b}[";
    assert!(log("").contains(colour), "{}", log(""));
    assert!(log("").contains("the database file"), "{}", log(""));
    assert!(!log("1").contains(colour), "{}", log("1"));
    let piped = command(&url).arg("migrate").output().unwrap();
    let piped = String::from_utf8(piped.stderr).unwrap();
    assert!(
        piped.contains("opened the database file") && !piped.contains(colour),
        "{piped}"
    );
}

#[tokio::test]
async fn metrics_are_on_the_private_listener_only() {
    let database = TestDatabase::create().await;
    let private = free_address();
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_METRICS_LISTEN", &private.to_string())]);
    let agent = agent();
    binary
        .post_credentials(&agent, "/api/auth/sign-up", "canary@example.com", "canary-password")
        .unwrap();
    binary
        .post_credentials(&agent, "/api/auth/login", "canary@example.com", "canary-password")
        .unwrap();
    agent.post(binary.url("/api/auth/logout")).send_empty().unwrap();
    assert_eq!(binary.status("GET", "/metrics"), Some(404));

    let page = metrics(private);
    assert!(
        page.contains(r#"neptun_auth_requests_total{operation="signUp",status="500"} 0"#),
        "{page}"
    );
    for expected in [
        r#"neptun_auth_requests_total{operation="signUp",status="200"} 1"#,
        r#"neptun_auth_requests_total{operation="logIn",status="200"} 1"#,
        r#"neptun_auth_request_duration_seconds_count{operation="signUp"} 1"#,
        r#"neptun_auth_request_duration_seconds_bucket{operation="signUp",le="5"} 1"#,
        "neptun_auth_hash_queue 0",
        r#"neptun_auth_sessions_created_total{kind="cookie"} 2"#,
        r#"neptun_auth_sessions_ended_total{reason="replaced"} 1"#,
        r#"neptun_auth_sessions_ended_total{reason="logged_out"} 1"#,
    ] {
        assert!(page.contains(expected), "{expected} is missing:\n{page}");
    }
    assert!(!page.contains("canary"));
}

#[tokio::test]
async fn a_reused_refresh_token_is_a_security_event() {
    let database = TestDatabase::create().await;
    let private = free_address();
    let settings = [
        ("NEPTUN_AUTH_METRICS_LISTEN", &*private.to_string()),
        ("NEPTUN_AUTH_LOG_FORMAT", "json"),
    ];
    let binary = Binary::start(&database.url, &settings);
    let agent = agent();
    let body = json!({ "username": "jane", "email": "canary@example.com", "password": "canary-password" });
    let refresh_of = |answer: &mut ureq::http::Response<ureq::Body>| {
        answer.body_mut().read_json::<Value>().unwrap()["refresh"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = refresh_of(&mut agent.post(binary.url("/api/sign-up/")).send_json(body).unwrap());
    let refresh = |token: &str| {
        agent
            .post(binary.url("/api/token/refresh/"))
            .send_json(json!({ "refresh": token }))
            .unwrap()
    };
    let second = refresh_of(&mut refresh(&first));
    let third = refresh_of(&mut refresh(&second));
    assert_eq!(refresh(&first).status(), 401);
    assert_eq!(refresh(&third).status(), 401);

    let page = metrics(private);
    for expected in [
        r#"neptun_auth_security_events_total{event="refresh_token_reused"} 1"#,
        r#"neptun_auth_sessions_ended_total{reason="token_reused"} 1"#,
    ] {
        assert!(page.contains(expected), "{expected} is missing:\n{page}");
    }
    let lines = binary.log_lines();
    let log = binary.log();
    let event = lines
        .into_iter()
        .find(|line| line["event"] == "refresh_token_reused")
        .expect("a log line");
    assert_eq!(event["level"], "WARN");
    for secret in [&first, &second, &third, "canary"] {
        assert!(!log.contains(secret));
    }
}
