//! `neptun-auth import` and `export`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::systems;
use crate::helpers::binary::command;
use crate::helpers::{ALICE, PASSWORD, TestApp, TestDatabase};

/// A folder for the files of one test, and what the command does with them.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }
}

/// The command with these arguments on this database.
pub fn prepared(database: &TestDatabase, arguments: &[&str], file: &Path) -> Command {
    let mut command = command(&database.url);
    command.args(arguments).arg(file).stdout(Stdio::piped());
    command
}

/// Runs `import` with `--json`; returns the report of each row and the numbers.
pub fn import(database: &TestDatabase, arguments: &[&str], file: &Path) -> (Vec<Value>, Value) {
    let output = prepared(database, &[&["import", "--json"], arguments].concat(), file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    lines(&output)
}

fn lines(output: &Output) -> (Vec<Value>, Value) {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers = lines.pop().unwrap();
    (lines, numbers)
}

fn numbers(created: u64, existed: u64, refused: u64) -> impl Fn(&Value) -> bool {
    move |value| value["created"] == created && value["existed"] == existed && value["refused"] == refused
}

/// bcrypt of `correct horse`, from the fixtures.
pub fn bcrypt() -> String {
    systems::vector("passlib bcrypt")
}

#[tokio::test]
async fn an_import_stores_each_account_once_and_says_what_became_of_each_row() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let files = Files::new();
    let hash = bcrypt();
    let rows = [
        json!({"email": "new@example.com", "password_hash": hash, "email_verified": true}),
        json!({"email": "Alice@Example.com", "password_hash": hash}),
        json!({"email": "other@example.com", "password_hash": hash, "username": "other", "identities": [{"id": 1}]}),
        json!({"email": "NEW@example.com", "password_hash": hash}),
        json!({"email": "third@example.com", "password_hash": hash, "username": "Other"}),
        json!({"email": "weak@example.com", "password_hash": "3cb4e732631f47e6eb961f34554b7cde"}),
        json!({"email": "odd@example.com", "password_hash": "$2b$31$too-high-a-cost"}),
        json!({"email": "none@example.com"}),
    ];
    let mut text = rows.map(|row| format!("{row}\n")).concat();
    text.push_str("{broken\n");
    let file = files.write("users.jsonl", &text);

    let (dry, total) = import(&app.database, &["--format", "jsonl", "--dry-run"], &file);
    assert!(numbers(3, 2, 4)(&total), "{total}");
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    let report = files.path("report.jsonl");
    let arguments = ["--format", "jsonl", "--report", report.to_str().unwrap()];
    let (real, total) = import(&app.database, &arguments, &file);
    assert!(numbers(3, 2, 4)(&total), "{total}");
    let statuses = |rows: &[Value]| -> Vec<String> {
        let one = |row: &Value| format!("{} {} {}", row["line"], row["status"], row["reason"]).replace('"', "");
        rows.iter().map(one).collect()
    };
    assert_eq!(statuses(&dry), statuses(&real));
    assert_eq!(
        statuses(&real),
        [
            "1 created null",
            "2 exists null",
            "3 created null",
            "4 exists null",
            "5 refused username_taken",
            "6 refused password_hash_weak",
            "7 refused password_hash_unknown",
            "8 created null",
            "9 refused malformed",
        ]
    );
    assert_eq!(real[2]["dropped"], json!(["identities"]));
    let written = fs::read_to_string(&report).unwrap();
    assert_eq!(written.lines().count(), real.len());

    // Nothing that was there is changed, and a right password of an imported account logs in.
    app.log_in(ALICE, PASSWORD).await.ok();
    app.log_in("new@example.com", "correct horse").await.ok();
    app.log_in("new@example.com", "correct horses")
        .await
        .fails(401, "invalid_credentials");
    app.log_in("none@example.com", "correct horse")
        .await
        .fails(401, "invalid_credentials");
    let verified = "SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL";
    assert_eq!(app.count(verified).await, 1);

    let (again, total) = import(&app.database, &["--format", "jsonl"], &file);
    assert!(numbers(0, 5, 4)(&total), "{total}");
    assert_eq!(again.len(), 9);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 4);
    let (rest, _) = import(&app.database, &["--format", "jsonl", "--from-line", "8"], &file);
    assert_eq!(statuses(&rest), ["8 exists null", "9 refused malformed"]);
}

#[tokio::test]
async fn imported_users_get_no_mail() {
    let app = TestApp::new().await;
    let files = Files::new();
    let file = files.write(
        "users.csv",
        &format!("email,password_hash\nnew@example.com,{}\n", bcrypt()),
    );
    let (_, total) = import(&app.database, &["--format", "csv"], &file);
    assert!(numbers(1, 0, 0)(&total), "{total}");
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 0);
}

#[tokio::test]
async fn weak_digests_are_wrapped_in_our_own_hash_when_asked_for() {
    let app = TestApp::new().await;
    let files = Files::new();
    let weak = ["unsalted md5", "unsalted sha1", "{SSHA}", "md5_crypt"];
    let row = |(number, name): (usize, &&str)| {
        let row = json!({"email": format!("user{number}@example.com"), "password_hash": systems::vector(name)});
        format!("{row}\n")
    };
    let file = files.write("users.jsonl", &weak.iter().enumerate().map(row).collect::<String>());
    let (_, total) = import(&app.database, &["--format", "jsonl"], &file);
    assert!(numbers(0, 0, 4)(&total), "{total}");
    let (_, total) = import(&app.database, &["--format", "jsonl", "--wrap"], &file);
    assert!(numbers(4, 0, 0)(&total), "{total}");
    let bare = "SELECT COUNT(*) FROM users WHERE password_hash NOT LIKE 'wrapped$%$argon2id$%'";
    assert_eq!(app.count(bare).await, 0);
    for (number, name) in weak.iter().enumerate() {
        let email = format!("user{number}@example.com");
        app.log_in(&email, &systems::vector(name))
            .await
            .fails(401, "invalid_credentials");
        app.log_in(&email, "correct horse").await.ok();
    }
    let own = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$%'";
    assert_eq!(app.count(own).await, 4);
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_stopped() {
    const ROWS: u64 = 20_000;
    let database = TestDatabase::create().await;
    let files = Files::new();
    let hash = bcrypt();
    let row = |number| {
        format!(
            "{}\n",
            json!({"email": format!("user{number}@example.com"), "password_hash": hash})
        )
    };
    let file = files.write("users.jsonl", &(0..ROWS).map(row).collect::<String>());
    TestApp::try_open(&database.url).await.unwrap().close().await;
    let mut killed = 0;
    let began = Instant::now();
    while killed < 3 && began.elapsed() < Duration::from_mins(2) {
        let before = database.count("SELECT COUNT(*) FROM users").await;
        let mut child = prepared(&database, &["import", "--format", "jsonl"], &file)
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if database.count("SELECT COUNT(*) FROM users").await > before {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
                break;
            }
            sleep(Duration::from_millis(5));
        }
        if database.count("SELECT COUNT(*) FROM users").await == i64::try_from(ROWS).unwrap() {
            break;
        }
    }
    assert!(killed > 0, "the import was never killed");
    let half = database.count("SELECT COUNT(*) FROM users").await;
    assert!(half > 0, "nothing was kept");
    let (rows, total) = import(&database, &["--format", "jsonl"], &file);
    let existed = u64::try_from(half).unwrap();
    assert!(numbers(ROWS - existed, existed, 0)(&total), "{total} after {half}");
    assert_eq!(u64::try_from(rows.len()).unwrap(), ROWS);
    assert_eq!(
        database.count("SELECT COUNT(*) FROM users").await,
        i64::try_from(ROWS).unwrap()
    );
}

#[tokio::test]
async fn what_is_exported_and_imported_again_is_the_same() {
    let app = TestApp::new().await;
    app.verified_user("alice").await;
    app.user("bob").await;
    app.execute(
        "UPDATE users SET username = 'Bob', username_canonical = 'bob', first_name = 'Böb', number_phone = '123', \
         avatar = 'https://a.example/b' WHERE email = 'bob@example.com'",
    )
    .await;
    let files = Files::new();
    let foreign = ["passlib bcrypt", "better-auth", "django argon2", "phpass"];
    let row = |(number, name): (usize, &&str)| {
        let row = json!({"email": format!("user{number}@example.com"), "password_hash": systems::vector(name)});
        format!("{row}\n")
    };
    let file = files.write(
        "foreign.jsonl",
        &foreign.iter().enumerate().map(row).collect::<String>(),
    );
    import(&app.database, &["--format", "jsonl"], &file);
    let first = files.path("first.jsonl");
    let output = prepared(&app.database, &["export"], &first).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // A file that is there is not overwritten.
    assert!(
        !prepared(&app.database, &["export"], &first)
            .output()
            .unwrap()
            .status
            .success()
    );

    let other = TestApp::new().await;
    let (_, total) = import(&other.database, &["--format", "neptun"], &first);
    assert!(numbers(6, 0, 0)(&total), "{total}");
    let second = files.path("second.jsonl");
    assert!(
        prepared(&other.database, &["export"], &second)
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(accounts(&first), accounts(&second));
    other.log_in(ALICE, PASSWORD).await.ok();
    for number in 0..foreign.len() {
        other
            .log_in(&format!("user{number}@example.com"), "correct horse")
            .await
            .ok();
    }
}

#[tokio::test]
async fn an_account_that_was_disabled_stays_so_through_import_and_export() {
    let app = TestApp::new().await;
    let files = Files::new();
    let row = json!({"email": "off@example.com", "password_hash": bcrypt(), "disabled": true});
    let file = files.write("users.jsonl", &row.to_string());
    import(&app.database, &["--format", "jsonl"], &file);
    let exported = files.path("exported.jsonl");
    assert!(
        prepared(&app.database, &["export"], &exported)
            .output()
            .unwrap()
            .status
            .success()
    );
    let other = TestApp::new().await;
    import(&other.database, &["--format", "neptun"], &exported);
    for app in [app, other] {
        let disabled = "SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL";
        assert_eq!(app.count(disabled).await, 1);
        let answer = app.log_in("off@example.com", "correct horse").await;
        answer.fails(403, "account_disabled");
    }
}

/// The accounts of an export, without their numbers, which each database gives anew.
fn accounts(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row.as_object_mut().unwrap().remove("number");
        row
    });
    rows.collect()
}
