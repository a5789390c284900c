//! `neptun-auth doctor`, the real binary: what it names, what it prints, and what it leaves alone.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, command};

/// Variables and their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// What doctor prints with these settings.
fn doctor(database_url: &str, settings: Variables, arguments: &[&str]) -> Output {
    let mut command = command(database_url);
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

/// Settings under which a person does not stay signed in, and what doctor has to name.
struct Setup {
    settings: Variables<'static>,
    front_end: &'static str,
    /// The trouble: id, level and setting.
    names: &'static str,
    says: &'static str,
}

const PUBLIC_URL: &str = "NEPTUN_AUTH_PUBLIC_URL";
const ORIGINS: &str = "NEPTUN_AUTH_ALLOWED_ORIGINS";
const SAME_SITE: &str = "NEPTUN_AUTH_COOKIE_SAME_SITE";
const SETUPS: [Setup; 11] = [
    // A front end on another site, with the default cookie.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://app.example.org"),
        ],
        front_end: "https://app.example.org",
        names: "front-end.cookie fail COOKIE_SAME_SITE",
        says: "are different sites; give the service a name under `example.org`",
    },
    // The same, with a cookie that half of the browsers block.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://app.example.org"),
            (SAME_SITE, "none"),
        ],
        front_end: "https://app.example.org",
        names: "front-end.cookie warn PUBLIC_URL",
        says: "a third-party cookie: Safari",
    },
    // Two apps of one hosting platform.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://my-auth.fly.dev"),
            (ORIGINS, "https://my-app.fly.dev"),
        ],
        front_end: "https://my-app.fly.dev",
        names: "front-end.cookie fail COOKIE_SAME_SITE",
        says: "anyone can have a name under `fly.dev`",
    },
    // The front end is served without TLS.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "http://app.example.com"),
        ],
        front_end: "http://app.example.com",
        names: "front-end.cookie fail PUBLIC_URL",
        says: "have different schemes",
    },
    // Development: the page is opened by name, the service is called by address.
    Setup {
        settings: &[(PUBLIC_URL, "http://127.0.0.1:8080")],
        front_end: "http://localhost:3000",
        names: "front-end.cookie fail COOKIE_SAME_SITE",
        says: "although both names are this machine; open the page at 127.0.0.1 too",
    },
    // Development: the list has the port of yesterday's tool.
    Setup {
        settings: &[
            (PUBLIC_URL, "http://localhost:8080"),
            (ORIGINS, "http://localhost:3000"),
        ],
        front_end: "http://localhost:5173",
        names: "front-end.origin fail ALLOWED_ORIGINS",
        says: "add http://localhost:5173 to the list",
    },
    // A wildcard stands for one label.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://*.preview.example.com"),
        ],
        front_end: "https://pr-7.shop.preview.example.com",
        names: "front-end.origin fail ALLOWED_ORIGINS",
        says: "the service rejects pages of https://pr-7.shop.preview.example.com",
    },
    // A misspelt variable sets nothing.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            ("NEPTUN_AUTH_ALOWED_ORIGINS", "https://app.example.com"),
        ],
        front_end: "https://app.example.com",
        names: "settings.unknown warn -",
        says: "there is no setting NEPTUN_AUTH_ALOWED_ORIGINS",
    },
    // People come from links in mails, and look signed out.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://app.example.com"),
            (SAME_SITE, "strict"),
        ],
        front_end: "https://app.example.com",
        names: "front-end.links warn COOKIE_SAME_SITE",
        says: "arrives without the cookie",
    },
    // The session ends while people read.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            ("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "2m"),
        ],
        front_end: "https://auth.example.com",
        names: "session.idle warn SESSION_IDLE_TIMEOUT",
        says: "is not used for 2m",
    },
    // A page that is opened from the disk.
    Setup {
        settings: &[(PUBLIC_URL, "http://localhost:8080")],
        front_end: "file:///home/me/index.html",
        names: "front-end.origin fail -",
        says: "is no web page",
    },
];

#[tokio::test]
async fn where_the_cookie_does_not_stick_doctor_alone_names_the_cause() {
    for setup in SETUPS {
        let database = TestDatabase::create().await;
        let _running = Binary::start(&database.url, setup.settings);
        let (findings, code) = findings(&database.url, setup.settings, &["--frontend", setup.front_end]);
        let troubles = troubles(&findings);
        assert!(
            troubles.iter().any(|trouble| trouble == setup.names),
            "{}: {findings:?}",
            setup.names
        );
        let said = |finding: &Value| finding["says"].as_str().unwrap().contains(setup.says);
        assert!(findings.iter().any(said), "{}: {findings:?}", setup.says);
        assert_eq!(code, 1);
        // Nothing else is blamed; a misspelt list is an empty list too.
        let most = if setup.names.starts_with("settings.unknown") {
            2
        } else {
            1
        };
        assert_eq!(troubles.len(), most, "{findings:?}");
    }
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
