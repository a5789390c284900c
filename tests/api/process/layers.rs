//! Settings from the command line, the environment and a file: which one counts, what counts as none, and which values
//! are understood.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::helpers::binary::free_address;

/// One way to start the service, in a folder of its own that is its home too.
#[derive(Debug, Clone, Copy, Default)]
struct Start<'a> {
    arguments: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    file: &'a str,
}

impl Start<'_> {
    /// The log up to the line that says where the service listens, or the error with which it ends.
    fn outcome(self, folder: &Path) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neptun-auth"));
        command
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder)
            .env("RUST_BACKTRACE", "1");
        if !self.file.is_empty() {
            fs::write(folder.join("settings.toml"), self.file).unwrap();
            command.env("NEPTUN_AUTH_CONFIG", "~/settings.toml");
        }
        command.args(self.arguments).envs(self.variables.iter().copied());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        while !log.contains(" listens on ") && output.read_line(&mut log).unwrap() > 0 {}
        if log.contains(" listens on ") {
            child.kill().unwrap();
            child.wait().unwrap();
            return Ok(log);
        }
        output.read_to_string(&mut log).unwrap();
        assert!(!child.wait().unwrap().success(), "{log}");
        Err(log)
    }

    fn log(self, folder: &Path) -> String {
        self.outcome(folder).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    fn error(self, folder: &Path) -> String {
        let error = self.outcome(folder).expect_err(&format!("it started: {self:?}"));
        assert!(error.lines().count() <= 5, "{self:?}: more than a sentence:\n{error}");
        for noise in ["panicked", "unknown>", "backtrace", "Caused by"] {
            assert!(!error.contains(noise), "{self:?}: {error}");
        }
        error
    }
}

/// A free port, so that tests may run at the same time.
const ANY_PORT: (&str, &str) = ("NEPTUN_AUTH_LISTEN", "127.0.0.1:0");

#[test]
fn the_command_line_wins_over_the_environment_and_both_over_the_file_whatever_the_name() {
    let key = "8d1a4c0fb37e92566f15d8a9e0c34b7212f9076ba5dc4e83970136c8fe2b5d40";
    let (one, other) = (free_address().to_string(), free_address().to_string());
    let (port_of_one, port_of_other) = (one.split_once(':').unwrap().1, other.split_once(':').unwrap().1);
    let everywhere = format!("listens on 0.0.0.0:{port_of_one} ");
    let listens = format!("listens on {one} ");
    let listen = format!("listen = '{other}'");
    let port = format!("port = {port_of_other}");
    let cases: &[(Start, &str)] = &[
        // The file has `listen` or `port`; the environment or a flag has the other one.
        (
            Start {
                variables: &[("PORT", port_of_one)],
                file: &listen,
                ..Start::default()
            },
            &everywhere,
        ),
        (
            Start {
                arguments: &["--port", port_of_one],
                file: &listen,
                ..Start::default()
            },
            &everywhere,
        ),
        (
            Start {
                variables: &[("NEPTUN_AUTH_LISTEN", &one)],
                file: &port,
                ..Start::default()
            },
            &listens,
        ),
        (
            Start {
                arguments: &["--port", port_of_one],
                variables: &[("NEPTUN_AUTH_LISTEN", &other)],
                ..Start::default()
            },
            &everywhere,
        ),
        // A flag after the name of the command counts as well.
        (
            Start {
                arguments: &["serve", "--port", port_of_one],
                variables: &[("NEPTUN_AUTH_LISTEN", &other)],
                ..Start::default()
            },
            &everywhere,
        ),
        (
            Start {
                arguments: &["serve", "--listen", &one],
                variables: &[("PORT", port_of_other), ("NEPTUN_AUTH_LISTEN", &other)],
                file: &listen,
            },
            &listens,
        ),
        // Two names in one layer.
        (
            Start {
                variables: &[("PORT", port_of_other), ("NEPTUN_AUTH_LISTEN", &one)],
                ..Start::default()
            },
            &listens,
        ),
        // A secret key in a file, in place of one that is set in a lower layer.
        (
            Start {
                variables: &[ANY_PORT, ("NEPTUN_AUTH_SECRET_KEY_FILE", "key")],
                file: "secret_key = 'not a key'",
                ..Start::default()
            },
            "listens on ",
        ),
        (
            Start {
                arguments: &["--secret-key", key],
                variables: &[ANY_PORT, ("NEPTUN_AUTH_SECRET_KEY_FILE", "no such file")],
                ..Start::default()
            },
            "listens on ",
        ),
        // What is set for traces alone counts before what is set for all, but in one layer only.
        (
            Start {
                arguments: &["--otlp-protocol", "http/protobuf"],
                variables: &[
                    ANY_PORT,
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
                    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
                ],
                file: "otlp_traces_endpoint = 'no address'",
            },
            "listens on ",
        ),
    ];
    for (start, expected) in cases {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("key"), key).unwrap();
        let log = start.log(folder.path());
        assert!(log.contains(expected), "{start:?}: {expected} is missing:\n{log}");
    }
}

/// Variables, arguments and the file.
type DatabaseCase<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

#[test]
fn the_database_of_the_highest_layer_is_used_whatever_the_name() {
    let cases: &[DatabaseCase] = &[
        (
            &[("DATABASE_URL", "sqlite:used.db")],
            &[],
            "database_url = 'sqlite:other.db'",
        ),
        (
            &[("NEPTUN_AUTH_DATABASE_URL", "sqlite:used.db")],
            &[],
            "database_url = 'sqlite:other.db'",
        ),
        (
            &[
                ("NEPTUN_AUTH_DATABASE_URL", "sqlite:used.db"),
                ("DATABASE_URL", "sqlite:other.db"),
            ],
            &[],
            "database_url = 'sqlite:other.db'",
        ),
        (
            &[("DATABASE_URL", "sqlite:other.db"), ("NEPTUN_AUTH_DATABASE_URL", "")],
            &["--database-url", "sqlite:used.db"],
            "",
        ),
        (
            &[("DATABASE_URL", ""), ("NEPTUN_AUTH_DATABASE_URL", " ")],
            &[],
            "database-url = 'sqlite:used.db'",
        ),
        (&[("DATABASE_URL", "sqlite:~/used.db")], &[], ""),
        (&[("DATABASE_URL", "sqlite://~/used.db")], &[], ""),
    ];
    for (variables, arguments, file) in cases {
        let folder = TempDir::new().unwrap();
        let variables = [&[ANY_PORT], *variables].concat();
        Start {
            arguments,
            variables: &variables,
            file,
        }
        .log(folder.path());
        assert!(
            folder.path().join("used.db").exists(),
            "{variables:?} {arguments:?} {file}"
        );
        assert!(
            !folder.path().join("other.db").exists(),
            "{variables:?} {arguments:?} {file}"
        );
        assert!(
            !folder.path().join("data").exists(),
            "{variables:?} {arguments:?} {file}"
        );
    }
}

/// Every setting, from the page that lists them.
fn all_variables() -> Vec<String> {
    let page = neptun_auth::cli::settings::page();
    let names = page.split('`').filter(|text| {
        text.strip_prefix("NEPTUN_AUTH_").is_some_and(|name| !name.is_empty())
            || ["PORT", "DATABASE_URL"].contains(text)
    });
    names.map(str::to_owned).collect()
}

#[test]
fn an_empty_value_is_none_in_every_layer() {
    let names = all_variables();
    assert!(names.len() > 30, "{names:?}");
    let is_about_the_port = |name: &&String| *name != "NEPTUN_AUTH_LISTEN";
    let folder = TempDir::new().unwrap();
    for empty in ["", " "] {
        let mut variables: Vec<_> = names
            .iter()
            .filter(is_about_the_port)
            .map(|name| (name.as_str(), empty))
            .collect();
        variables.push(ANY_PORT);
        Start {
            variables: &variables,
            ..Start::default()
        }
        .log(folder.path());
    }
    let flag = |name: &String| {
        format!(
            "--{}",
            name.trim_start_matches("NEPTUN_AUTH_").to_lowercase().replace('_', "-")
        )
    };
    let flags = names
        .iter()
        .filter(|name| name.starts_with("NEPTUN_AUTH_") && is_about_the_port(name))
        .map(flag);
    let arguments: Vec<_> = flags.flat_map(|flag| [flag, String::new()]).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    Start {
        arguments: &arguments,
        variables: &[ANY_PORT],
        ..Start::default()
    }
    .log(folder.path());
    for empty in ["''", "' '", "[]", "['']"] {
        let settings = names
            .iter()
            .filter(|name| is_about_the_port(name) && !name.ends_with("_CONFIG"));
        let settings = settings.filter_map(|name| name.strip_prefix("NEPTUN_AUTH_"));
        let lines: Vec<_> = settings
            .map(|name| format!("{} = {empty}", name.to_lowercase()))
            .collect();
        let file = lines.join("\n");
        Start {
            variables: &[ANY_PORT],
            file: &file,
            ..Start::default()
        }
        .log(folder.path());
    }
}

#[test]
fn values_with_one_plain_meaning_are_taken() {
    let folder = TempDir::new().unwrap();
    for (name, value) in [
        ("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://a.example, https://b.example"),
        ("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://a.example,"),
        ("NEPTUN_AUTH_ALLOWED_ORIGINS", "https://a.example/"),
        ("NEPTUN_AUTH_TRUSTED_PROXIES", " 10.0.0.0/8 , ::1,"),
        ("NEPTUN_AUTH_TRUSTED_PROXIES", "10.0.0.0/8 ::1"),
        ("NEPTUN_AUTH_NOTICES", "new_log_in, password_changed,"),
        ("NEPTUN_AUTH_NOTICES", "none"),
        ("NEPTUN_AUTH_NOTICES", "new-log-in"),
        ("NEPTUN_AUTH_DOCS", "true"),
        ("NEPTUN_AUTH_DOCS", "0"),
        ("NEPTUN_AUTH_METRICS_LISTEN", "localhost:0"),
        ("NEPTUN_AUTH_PUBLIC_URL", "https://auth.example.com/"),
    ] {
        Start {
            variables: &[ANY_PORT, (name, value)],
            ..Start::default()
        }
        .log(folder.path());
    }
    for file in [
        "cookie-name = 'id'",
        "docs = false",
        "session_cache_entries = 10",
        "trusted_proxies = ['10.0.0.1', '10.0.0.2']",
        "trusted_proxies = '10.0.0.1, 10.0.0.2'",
    ] {
        Start {
            variables: &[ANY_PORT],
            file,
            ..Start::default()
        }
        .log(folder.path());
    }
}

#[test]
fn a_misspelt_variable_is_named_at_the_start_and_one_of_the_platform_is_not() {
    let folder = TempDir::new().unwrap();
    let variables = [
        ANY_PORT,
        ("NEPTUN_AUTH_COOKIE_NANE", "x"),
        ("NEPTUN_AUTH_XYZ", ""),
        // What Kubernetes sets for a service called neptun-auth.
        ("NEPTUN_AUTH_PORT", "tcp://10.0.0.1:8080"),
        ("NEPTUN_AUTH_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("NEPTUN_AUTH_SERVICE_HOST", "10.0.0.1"),
    ];
    let log = Start {
        variables: &variables,
        ..Start::default()
    }
    .log(folder.path());
    assert!(log.contains("no setting NEPTUN_AUTH_COOKIE_NANE"), "{log}");
    assert!(log.contains("did you mean `NEPTUN_AUTH_COOKIE_NAME`?"), "{log}");
    assert!(log.contains("no setting NEPTUN_AUTH_XYZ"), "{log}");
    assert!(
        !log.contains("NEPTUN_AUTH_PORT") && !log.contains("NEPTUN_AUTH_SERVICE"),
        "{log}"
    );
}

/// A variable, its value, and what the error says.
const WRONG_VARIABLES: &[(&str, &str, &str)] = &[
    ("NEPTUN_AUTH_MAIL_FROM", "no-address", "MAIL_FROM must be an address"),
    (
        "NEPTUN_AUTH_MAIL_FROM",
        "josé@example.com",
        "MAIL_FROM: the part before the @ must be in ASCII",
    ),
    ("NEPTUN_AUTH_MAIL_TEMPLATES", "missing", "MAIL_TEMPLATES: missing"),
    (
        "DATABASE_URL",
        "mysql://user:canary@host/x",
        "DATABASE_URL must start with `sqlite:` or `postgres://`",
    ),
    (
        "DATABASE_URL",
        "foo.db",
        "DATABASE_URL must start with `sqlite:` or `postgres://`",
    ),
    ("DATABASE_URL", "/data/canary.db", "DATABASE_URL must start with"),
    ("DATABASE_URL", "postgres:canary", "DATABASE_URL must start with"),
    (
        "DATABASE_URL",
        "\"sqlite:canary.db\"",
        "DATABASE_URL is in quotes: write the value without them",
    ),
    (
        "NEPTUN_AUTH_DATABASE_URL",
        "'sqlite:canary.db'",
        "NEPTUN_AUTH_DATABASE_URL is in quotes",
    ),
    ("DATABASE_URL", "sqlite:", "names no file"),
    ("DATABASE_URL", "sqlite://", "names no file"),
    (
        "NEPTUN_AUTH_COOKIE_NAME",
        "\"id\"",
        "NEPTUN_AUTH_COOKIE_NAME is in quotes",
    ),
    (
        "NEPTUN_AUTH_LISTEN",
        "example.com:80",
        "write an IP address and a port, as in 127.0.0.1:8080",
    ),
    (
        "NEPTUN_AUTH_LISTEN",
        "http://localhost:9001",
        "write an IP address and a port",
    ),
    ("NEPTUN_AUTH_LISTEN", "99999", "write an IP address and a port"),
    ("NEPTUN_AUTH_METRICS_LISTEN", "localhost", "METRICS_LISTEN needs a port"),
    (
        "NEPTUN_AUTH_PUBLIC_URL",
        "auth.example.com",
        "write the scheme and the host, as in https://",
    ),
    (
        "NEPTUN_AUTH_PUBLIC_URL",
        "localhost:8080",
        "write the scheme and the host, as in https://",
    ),
    ("NEPTUN_AUTH_PUBLIC_URL", "https://", "write the scheme and the host"),
    (
        "NEPTUN_AUTH_SMTP_URL",
        "localhost:25",
        "SMTP_URL must begin with smtp:// or smtps://",
    ),
    (
        "NEPTUN_AUTH_SMTP_URL",
        "mail.example.com",
        "SMTP_URL is not a URL, as in smtp://",
    ),
    (
        "NEPTUN_AUTH_NOTICES",
        "foo",
        "there is no notice `foo`: write any of new_log_in,",
    ),
    ("NEPTUN_AUTH_ALLOWED_ORIGINS", "app.example.com", "is not an origin"),
    (
        "NEPTUN_AUTH_TRUSTED_PROXIES",
        "0.0.0.0/0",
        "would let every client choose its own address",
    ),
    (
        "NEPTUN_AUTH_TRUSTED_PROXIES",
        "10.0.0.1, ::/0",
        "would let every client choose its own address",
    ),
    (
        "NEPTUN_AUTH_SECRET_KEY",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "SECRET_KEY can be guessed",
    ),
    (
        "NEPTUN_AUTH_SECRET_KEY",
        "canary",
        "SECRET_KEY must be 64 hexadecimal digits",
    ),
    (
        "NEPTUN_AUTH_SECRET_KEY_FILE",
        "missing",
        "reading the secret key file missing",
    ),
    ("NEPTUN_AUTH_LOG", "neptun_auth=loud", "LOG is not a filter"),
    ("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "soon", "--session-idle-timeout"),
];

#[test]
fn a_value_that_can_not_be_understood_ends_in_a_sentence_that_says_what_to_write() {
    let folder = TempDir::new().unwrap();
    for (name, value, sentence) in WRONG_VARIABLES {
        let error = Start {
            variables: &[ANY_PORT, (name, value)],
            ..Start::default()
        }
        .error(folder.path());
        assert!(error.contains(sentence), "{name}={value}: {error}");
        assert!(!error.contains("canary"), "{name}={value}: {error}");
    }
    for (file, sentence) in [
        (
            "cookie_nane = 'x'",
            "there is no setting `cookie_nane`; did you mean `cookie_name`?",
        ),
        ("NEPTUN_AUTH_COOKIE_NAME = 'x'", "did you mean `cookie_name`?"),
        (
            "bare_database_url = 'sqlite:x.db'",
            "there is no setting `bare_database_url`",
        ),
        ("config = 'other.toml'", "there is no setting `config`"),
        ("[network]\nlisten = '127.0.0.1:0'", "there is no section `[network]`"),
        ("cookie-name = 'x'\ncookie_name = 'y'", "`cookie_name` is there twice"),
        (
            "docs = 1.5",
            "`docs`: the value must be a string, a number, true or false, or a list",
        ),
        ("secret_key = 'canary", "settings.toml: line 1: "),
        ("\nlisten = 127.0.0.1:0", "settings.toml: line 2: "),
        ("listen = 127.0.0.1:0", "a text is written in quotes"),
        (
            "database_url = '\"sqlite:canary.db\"'",
            "`database_url` has quotes within its quotes",
        ),
    ] {
        let error = Start {
            variables: &[ANY_PORT],
            file,
            ..Start::default()
        }
        .error(folder.path());
        assert!(error.contains(sentence), "{file}: {error}");
        assert!(!error.contains("canary"), "{file}: {error}");
    }
    assert!(!folder.path().join("data").exists(), "the database was touched");
}

#[test]
fn help_of_a_command_shows_the_settings_that_it_uses() {
    let help = |command: &str| {
        let mut binary = Command::new(env!("CARGO_BIN_EXE_neptun-auth"));
        let output = binary.env_clear().args(command.split(' ')).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for (command, shown, hidden) in [
        ("migrate --help", "--database-url", "--listen"),
        ("help migrate", "--database-url", "--smtp-url"),
        ("keys rotate --help", "--secret-key", "--listen"),
        ("health --help", "--listen", "--database-url"),
        ("openapi --help", "[FOLDER]", "--config"),
        ("settings --help", "Print help", "--config"),
        ("serve --help", "--smtp-url", "--bare-database-url"),
    ] {
        let page = help(command);
        assert!(page.contains(shown) && !page.contains(hidden), "{command}:\n{page}");
    }
}
