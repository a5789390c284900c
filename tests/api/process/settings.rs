//! Settings: an invalid combination stops the start, and the error says what to change.

use std::fs;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir};

use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, agent, command, free_address};

/// The error with which the service does not start.
fn start_error(database_url: &str, settings: &[(&str, &str)]) -> String {
    let mut command = command(database_url);
    command.env("NEPTUN_AUTH_LISTEN", free_address().to_string());
    let mut child = command.envs(settings.iter().copied()).spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("it started with {settings:?}");
        }
        sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "it started with {settings:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Variables and their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

fn assert_stopped(cases: &[(Variables, &str)]) {
    let folder = TempDir::new().unwrap();
    let database_url = format!("sqlite:{}", folder.path().join("test.db").display());
    for (settings, sentence) in cases {
        let error = start_error(&database_url, settings);
        assert!(error.contains(sentence), "{settings:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
    assert!(!folder.path().join("test.db").exists(), "the database was touched");
}

#[test]
fn bad_settings_stop_the_start_and_say_what_to_change() {
    let https = ("NEPTUN_AUTH_PUBLIC_URL", "https://auth.example.com");
    let cases: &[(Variables, &str)] = &[
        (
            &[("NEPTUN_AUTH_PUBLIC_URL", "http://auth.example.com")],
            "PUBLIC_URL must begin with https://",
        ),
        (
            &[("NEPTUN_AUTH_PUBLIC_URL", "https://example.com/auth")],
            "PUBLIC_URL must be scheme, host and port only",
        ),
        (&[("NEPTUN_AUTH_COOKIE_NAME", "__Host-s")], "needs an https PUBLIC_URL"),
        (&[("NEPTUN_AUTH_COOKIE_SAME_SITE", "none")], "needs an https PUBLIC_URL"),
        (
            &[
                https,
                ("NEPTUN_AUTH_COOKIE_NAME", "__Host-s"),
                ("NEPTUN_AUTH_COOKIE_DOMAIN", "example.com"),
            ],
            "choose a name without the prefix",
        ),
        (
            &[https, ("NEPTUN_AUTH_COOKIE_DOMAIN", "other.example")],
            "COOKIE_DOMAIN `other.example` must be",
        ),
        (&[("NEPTUN_AUTH_COOKIE_SAME_SITE", "sometimes")], "strict, lax, none"),
        (&[("NEPTUN_AUTH_ALLOWED_ORIGINS", "*")], "`*` is not an origin"),
        (
            &[("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://app.example.com/page")],
            "is not an origin",
        ),
        (
            &[("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://app-*.example.com")],
            "it stands for the whole first label",
        ),
        (
            &[(
                "NEPTUN_AUTH_ALLOWED_ORIGINS",
                "https://a.example,https://*.*.example.com",
            )],
            "it stands for the whole first label",
        ),
        (
            &[("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://*.fly.dev")],
            "anyone can register a name under `fly.dev`",
        ),
        (
            &[("NEPTUN_AUTH_ALLOWED_ORIGINS", "null")],
            "browsers send `Origin: null` for such pages",
        ),
        (
            &[("NEPTUN_AUTH_ALLOWED_HEADERS", "*")],
            "with cookies there is no wildcard",
        ),
        (&[("NEPTUN_AUTH_ALLOWED_HEADERS", "x:y")], "write the names of headers"),
        (
            &[("NEPTUN_AUTH_CLIENT_IP_HEADER", "X-Forwarded-For")],
            "set TRUSTED_PROXIES instead",
        ),
        (
            &[("NEPTUN_AUTH_CLIENT_IP_HEADER", "Forwarded")],
            "Forwarded is not read",
        ),
        (&[("NEPTUN_AUTH_CLIENT_IP_HEADER", "a b")], "as in Fly-Client-IP"),
        (&[("NEPTUN_AUTH_HSTS", "sometimes")], "on, off, subdomains"),
        (&[("NEPTUN_AUTH_HSTS_MAX_AGE", "long")], "--hsts-max-age"),
        (
            &[
                ("NEPTUN_AUTH_PUBLIC_URL", "https://auth.example.co.uk"),
                ("NEPTUN_AUTH_COOKIE_DOMAIN", "co.uk"),
            ],
            "choose `example.co.uk`",
        ),
        (
            &[
                ("NEPTUN_AUTH_PUBLIC_URL", "https://my-app.fly.dev"),
                ("NEPTUN_AUTH_COOKIE_DOMAIN", "fly.dev"),
            ],
            "COOKIE_DOMAIN `fly.dev` is a public suffix",
        ),
        (
            &[("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "31d")],
            "must not be longer than SESSION_ABSOLUTE_TIMEOUT",
        ),
        (
            &[("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "30s")],
            "SESSION_IDLE_TIMEOUT must be longer than 60 s",
        ),
        (
            &[("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "soon")],
            "--session-idle-timeout",
        ),
    ];
    assert_stopped(cases);
}

#[test]
fn bad_numbers_and_limits_stop_the_start_and_name_the_setting() {
    let cases: &[(Variables, &str)] = &[
        (&[("NEPTUN_AUTH_PASSWORD_MIN_LENGTH", "7")], "--password-min-length"),
        (&[("NEPTUN_AUTH_ARGON2_MEMORY_KIB", "1024")], "--argon2-memory-kib"),
        (&[("NEPTUN_AUTH_ARGON2_ITERATIONS", "1")], "--argon2-iterations"),
        (&[("NEPTUN_AUTH_HASH_SLOTS", "0")], "--hash-slots"),
        (&[("NEPTUN_AUTH_HASH_SLOTS", "5000")], "--hash-slots"),
        (
            &[("NEPTUN_AUTH_SESSION_CACHE_ENTRIES", "many")],
            "--session-cache-entries",
        ),
        (
            &[("NEPTUN_AUTH_SESSION_CACHE_ENTRIES", "-1")],
            "--session-cache-entries",
        ),
        (&[("NEPTUN_AUTH_TRUSTED_PROXIES", "everyone")], "--trusted-proxies"),
        (&[("NEPTUN_AUTH_RATE_LIMITS", "sometimes")], "on, off"),
        (&[("NEPTUN_AUTH_LIMIT_SIGN_UP", "0/h")], "--limit-sign-up"),
        (&[("NEPTUN_AUTH_LIMIT_LOG_IN", "many")], "as in `100/h`"),
        (&[("NEPTUN_AUTH_LIMIT_REFRESH", "1/fortnight")], "--limit-refresh"),
        (&[("NEPTUN_AUTH_LIMIT_MAIL", "/h")], "--limit-mail"),
        (&[("NEPTUN_AUTH_LIMIT_MAIL_TO", "5")], "--limit-mail-to"),
        (&[("NEPTUN_AUTH_LIMIT_FAILURES", "off")], "--limit-failures"),
        (
            &[("NEPTUN_AUTH_COOKIE_NAME", "neptun-device")],
            "the name of another cookie of the service",
        ),
        (&[("NEPTUN_AUTH_LOG", "neptun_auth=loud")], "LOG is not a filter"),
        (
            &[("NEPTUN_AUTH_CONFIG", "/nonexistent.toml")],
            "the settings file /nonexistent.toml",
        ),
    ];
    assert_stopped(cases);
}

#[test]
fn settings_of_traces_that_cannot_work_stop_the_start_and_are_named() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let cases: &[(Variables, &str)] = &[
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318")],
            "OTEL_EXPORTER_OTLP_ENDPOINT must be an address with http or https",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector")],
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an address with http or https",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")],
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL must be http/protobuf",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")],
            "OTEL_EXPORTER_OTLP_COMPRESSION must be gzip or none",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s")],
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT must be a number of milliseconds from 1 to 60000",
        ),
        (
            &[endpoint, ("OTEL_SDK_DISABLED", "1")],
            "OTEL_SDK_DISABLED must be true or false",
        ),
    ];
    assert_stopped(cases);
}

#[test]
fn unusable_databases_stop_the_start_and_stay_as_they_are() {
    let folder = TempDir::new().unwrap();
    let garbage = folder.path().join("garbage.db");
    fs::write(
        &garbage,
        "this is not a database, and it is longer than a header of one hundred bytes, as a header has to be.",
    )
    .unwrap();
    let before = fs::read(&garbage).unwrap();
    let cases = [
        (format!("sqlite:{}", garbage.display()), "garbage.db"),
        ("sqlite:/proc/nowhere/x.db".to_owned(), "/proc/nowhere/x.db"),
        ("sqlite::memory:".to_owned(), "must name a file"),
        ("sqlite:x.db?mode=memory".to_owned(), "must name a file"),
        (
            "mysql://localhost/x".to_owned(),
            "must start with `sqlite:` or `postgres://`",
        ),
        (
            "postgres://user:canary-secret@127.0.0.1:1/x".to_owned(),
            "PostgreSQL at DATABASE_URL can't be used",
        ),
    ];
    for (url, sentence) in cases {
        let error = start_error(&url, &[]);
        assert!(error.contains(sentence), "{url}: {error}");
        assert!(!error.contains("canary-secret"), "{error}");
    }
    assert_eq!(fs::read(&garbage).unwrap(), before);
}

#[tokio::test]
async fn flags_take_precedence_over_the_environment_and_both_over_the_file() {
    let database = TestDatabase::create().await;
    let mut file = NamedTempFile::with_suffix(".toml").unwrap();
    let settings = [
        "cookie_name = 'from-file'",
        "allowed_origins = ['https://a.example', 'https://b.example']",
        "password_min_length = 12",
        "docs = 'off'",
        "pages = 'off'",
    ];
    writeln!(file, "{}", settings.join("\n")).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let binary = Binary::start(
        &database.url,
        &[
            ("NEPTUN_AUTH_CONFIG", &path),
            ("NEPTUN_AUTH_COOKIE_NAME", "from-environment"),
        ],
    );
    let agent = agent();
    assert_eq!(
        binary.post_credentials(&agent, "/api/auth/sign-up", "user@example.com", "elevenchars"),
        Some(400)
    );
    let body = serde_json::json!({ "email": "user@example.com", "password": "twelve chars" });
    let answer = agent
        .post(binary.url("/api/auth/sign-up"))
        .header("origin", "https://b.example")
        .send_json(body)
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("from-environment=")
    );
    for path in ["/docs/", "/", "/account/"] {
        assert_eq!(binary.status("GET", path), Some(404));
    }
    let output = command(&database.url)
        .args(["--config", &path, "--docs", "maybe"])
        .output()
        .unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("--docs"));
}

/// The answer's header to a request, and to a preflight of a page on `https://app.example.com`.
fn header_of(binary: &Binary, method: &str, name: &str) -> Option<String> {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(binary.url("/api/auth/login"))
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .body(())
        .unwrap();
    let answer = agent().run(request).unwrap();
    let value = answer.headers().get(name)?;
    Some(value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn strict_transport_security_is_a_setting() {
    let database = TestDatabase::create().await;
    let https = ("NEPTUN_AUTH_PUBLIC_URL", "https://auth.example.com");
    let cases: [(Variables, Option<&str>); 5] = [
        (&[https], Some("max-age=63072000")),
        (
            &[
                https,
                ("NEPTUN_AUTH_HSTS", "subdomains"),
                ("NEPTUN_AUTH_HSTS_MAX_AGE", "1h"),
            ],
            Some("max-age=3600; includeSubDomains"),
        ),
        (&[https, ("NEPTUN_AUTH_HSTS_MAX_AGE", "0s")], Some("max-age=0")),
        (&[https, ("NEPTUN_AUTH_HSTS", "off")], None),
        (&[("NEPTUN_AUTH_HSTS", "subdomains")], None),
    ];
    for (settings, expected) in cases {
        let binary = Binary::start(&database.url, settings);
        let value = header_of(&binary, "GET", "strict-transport-security");
        assert_eq!(value.as_deref(), expected, "{settings:?}");
    }
}

#[tokio::test]
async fn listed_pages_may_send_the_headers_of_a_setting() {
    let database = TestDatabase::create().await;
    let settings = [
        ("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://*.example.com/"),
        ("NEPTUN_AUTH_ALLOWED_HEADERS", "X-App-Version, x-build"),
    ];
    let binary = Binary::start(&database.url, &settings);
    let allowed = header_of(&binary, "OPTIONS", "access-control-allow-headers").unwrap();
    assert!(
        allowed.ends_with("tracestate, x-requested-with, x-app-version, x-build"),
        "{allowed}"
    );
}

#[test]
fn unknown_names_in_the_file_are_refused() {
    let folder = TempDir::new().unwrap();
    let database_url = format!("sqlite:{}", folder.path().join("test.db").display());
    for (text, sentence) in [
        ("cookie_nane = 'x'", "there is no setting `cookie_nane`"),
        ("docs = { on = true }", "`docs`"),
        ("docs = ", "the settings file"),
    ] {
        let path = folder.path().join("settings.toml");
        fs::write(&path, text).unwrap();
        let error = start_error(&database_url, &[("NEPTUN_AUTH_CONFIG", path.to_str().unwrap())]);
        assert!(error.contains(sentence), "{text}: {error}");
    }
}

#[tokio::test]
async fn database_url_and_port_work_without_the_prefix() {
    let database = TestDatabase::create().await;
    let address = free_address();
    let mut child = command(&database.url)
        .env_remove("NEPTUN_AUTH_DATABASE_URL")
        .env("DATABASE_URL", &database.url)
        .env("PORT", address.port().to_string())
        .spawn()
        .unwrap();
    let url = format!("http://{address}/health/ready");
    let ready = (0..3000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        agent().get(&url).call().is_ok_and(|answer| answer.status() == 200)
    });
    let health = command(&database.url)
        .env("PORT", address.port().to_string())
        .arg("health")
        .status()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready);
    assert!(health.success());
    let health = command(&database.url)
        .env("PORT", address.port().to_string())
        .arg("health")
        .status()
        .unwrap();
    assert!(!health.success(), "the service has ended");
}

#[tokio::test]
async fn keys_are_rotated_from_the_command_line_while_the_service_runs() {
    let database = TestDatabase::create().await;
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), crate::helpers::SECRET_KEY).unwrap();
    let binary = Binary::start(&database.url, &[]);
    let mut rotate = command(&database.url);
    rotate
        .env_remove("NEPTUN_AUTH_SECRET_KEY")
        .env("NEPTUN_AUTH_SECRET_KEY_FILE", file.path());
    let output = rotate
        .args(["keys", "rotate"])
        .stdout(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("in 10 minutes"));
    assert_eq!(database.count("SELECT COUNT(*) FROM signing_keys").await, 2);
    assert_eq!(binary.status("GET", "/health/ready"), Some(200));
}

#[tokio::test]
async fn two_instances_that_start_together_both_serve() {
    let database = TestDatabase::create().await;
    let (first, second) = (database.url.clone(), database.url.clone());
    let first = tokio::task::spawn_blocking(move || Binary::start(&first, &[]));
    let second = tokio::task::spawn_blocking(move || Binary::start(&second, &[]));
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    let agent = agent();
    assert_eq!(
        first.post_credentials(&agent, "/api/auth/sign-up", "user@example.com", "a long password"),
        Some(200)
    );
    assert_eq!(
        second.post_credentials(&agent, "/api/auth/login", "user@example.com", "a long password"),
        Some(200)
    );
}
