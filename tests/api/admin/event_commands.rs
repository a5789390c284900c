//! `neptun-auth events`: the audit log at the command line.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::command_line::{print, print_json, refusal};
use super::id_of;
use crate::helpers::binary::interruptible_command;
use crate::helpers::{ALICE, PASSWORD, TestApp};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// Exports with these arguments; returns the events and what the command says of them.
fn export(app: &TestApp, arguments: &[&str]) -> (Vec<Value>, Value) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("events.jsonl");
    let said = print_json(
        app,
        &[&["events", "export", file.to_str().unwrap()], arguments].concat(),
    );
    let text = fs::read_to_string(&file).unwrap();
    (
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        said,
    )
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// A running `events tail`, ended when the test ends.
struct Tail {
    child: Child,
    lines: Receiver<String>,
}

impl Tail {
    fn start(app: &TestApp, arguments: &[&str]) -> Self {
        let (mut child, output) = start(app, arguments);
        let (sender, lines) = channel();
        spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines
                .take_while(|line| sender.send(line.clone()).is_ok())
                .for_each(drop);
        });
        assert!(child.try_wait().unwrap().is_none(), "the command goes on");
        Self { child, lines }
    }

    fn next(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start(app: &TestApp, arguments: &[&str]) -> (Child, ChildStdout) {
    let mut command = interruptible_command(&app.database.url);
    command.args(["events", "tail"]).args(arguments).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let output = child.stdout.take().unwrap();
    (child, output)
}

#[tokio::test]
async fn an_export_has_every_event_in_order_and_the_next_one_goes_on_behind_it() {
    const SQLITE: &str = "INSERT INTO events (id, kind, happened_at) \
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
        SELECT randomblob(16), 'admin_action', '2024-10-04T15:00:00+00:00' FROM n";
    const POSTGRES: &str = "INSERT INTO events (id, kind, happened_at) \
        SELECT gen_random_uuid(), 'admin_action', '2024-10-04 15:00:00+00' FROM generate_series(1, 1200)";
    let app = TestApp::new().await;
    app.user("alice").await;
    app.database.execute(SQLITE, POSTGRES).await;
    app.user("bob").await;
    app.database.settle().await;
    let (events, said) = export(&app, &[]);
    assert_eq!(said, json!({"events": 1202, "last": events[1201]["id"]}));
    let (first, rest) = events.split_first().unwrap();
    let (last, between) = rest.split_last().unwrap();
    assert_eq!((&first["type"], &last["type"]), (&json!("sign_up"), &json!("sign_up")));
    assert!(between.iter().all(|event| event["type"] == "admin_action"));

    let from_last = last["id"].as_str().unwrap();
    assert_eq!(
        export(&app, &["--after", from_last]),
        (vec![], json!({"events": 0, "last": null}))
    );
    app.user("carol").await;
    app.database.settle().await;
    let (events, _) = export(&app, &["--after", from_last]);
    assert_eq!(types(&events), ["sign_up"]);
    let unknown = [
        "events",
        "export",
        "/dev/shm/not-made.jsonl",
        "--after",
        "01a2019c-e741-446c-9125-02324577edf1",
    ];
    assert!(refusal(&app, &unknown).contains("no event has such an id"));
    fs::remove_file("/dev/shm/not-made.jsonl").unwrap();
}

#[tokio::test]
async fn an_export_goes_on_behind_an_event_that_was_erased_with_its_account() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.log_in().await.ok();
    app.database.settle().await;
    let (events, _) = export(&app, &[]);
    let last = events[2]["id"].as_str().unwrap();
    bob.log_in().await.ok();
    print(&app, &["users", "delete", ALICE, "--yes"]);
    app.database.settle().await;
    let (events, said) = export(&app, &["--after", last]);
    assert!(types(&events).ends_with(&["log_in", "account_deleted"]), "{events:?}");
    assert_eq!(events[0]["user_id"], id_of(&bob).await);
    let tail = Tail::start(&app, &["--after", last, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&tail.next()).unwrap(), events[0]);

    // The last one is gone with its account too, and nothing has followed yet.
    let deletion = said["last"].as_str().unwrap();
    app.execute("DELETE FROM events").await;
    assert_eq!(export(&app, &["--after", deletion]).0.len(), 0);
    app.user("carol").await;
    app.database.settle().await;
    assert_eq!(types(&export(&app, &["--after", deletion]).0), ["sign_up"]);
}

/// Of two events at about the same time, the one that was committed last may have the lower id.
#[tokio::test]
async fn an_export_behind_an_erased_event_begins_a_minute_before_it() {
    const EARLIER_SQLITE: &str = "INSERT INTO events (id, kind, happened_at) VALUES \
        (x'0192540000007000800000000000000a', 'log_in', '2024-10-04T00:00:00+00:00')";
    const EARLIER_POSTGRES: &str = "INSERT INTO events (id, kind, happened_at) VALUES \
        ('01925400-0000-7000-8000-00000000000a', 'log_in', '2024-10-04')";
    // 90 seconds later.
    const LATER_SQLITE: &str = "INSERT INTO events (id, kind, happened_at) VALUES \
        (x'0192540160007000800000000000000a', 'log_out', '2024-10-04T00:00:00+00:00')";
    const LATER_POSTGRES: &str = "INSERT INTO events (id, kind, happened_at) VALUES \
        ('01925401-6000-7000-8000-00000000000a', 'log_out', '2024-10-04')";
    let app = TestApp::new().await;
    app.database.execute(EARLIER_SQLITE, EARLIER_POSTGRES).await;
    app.database.execute(LATER_SQLITE, LATER_POSTGRES).await;
    app.database.settle().await;
    // 30 seconds after the second.
    let erased = "01925401-d600-7000-8000-000000000000";
    assert_eq!(types(&export(&app, &["--after", erased]).0), ["log_out"]);
}

#[tokio::test]
async fn events_are_chosen_by_account_type_and_time() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.log_in().await.ok();
    bob.log_in().await.ok();
    app.log_in(ALICE, "wrong password")
        .await
        .fails(401, "invalid_credentials");
    app.database.settle().await;
    let id = id_of(&alice).await;
    for user in [ALICE, id.as_str()] {
        let (events, _) = export(&app, &["--user", user, "--type", "sign_up,log_in"]);
        assert_eq!(types(&events), ["sign_up", "log_in"]);
        assert!(
            events
                .iter()
                .all(|event| event["user_id"] == id.as_str() && event["actor"] == "self")
        );
    }
    assert_eq!(export(&app, &["--since", "2999-01-01T00:00:00Z"]).0.len(), 0);
    assert_eq!(
        export(&app, &["--since", "2000-01-01T00:00:00Z", "--type", "sign_up"])
            .0
            .len(),
        2
    );

    // The deletion of an account is all that is left of it.
    print(&app, &["users", "delete", ALICE, "--yes"]);
    app.database.settle().await;
    let (events, _) = export(&app, &["--user", &id]);
    assert_eq!(types(&events), ["account_deleted"]);
    assert_eq!(events[0]["data"]["operator"], "command line");
    assert!(refusal(&app, &["events", "tail", "--user", ALICE]).contains("there is no account"));
    assert!(refusal(&app, &["events", "tail", "--type", "log"]).contains("possible values: sign_up, log_in"));
}

#[tokio::test]
async fn the_tail_goes_on_until_its_reader_has_gone() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let id = id_of(&alice).await;
    let since = ["--since", "2000-01-01T00:00:00Z"];
    let people = Tail::start(
        &app,
        &[&since[..], &["--type", "sign_up,log_in_failed,log_in"]].concat(),
    );
    let mut programs = Tail::start(&app, &[&since[..], &["--json"]].concat());
    let line = people.next();
    assert!(
        line.contains("  sign_up               self      ") && line.contains(&id),
        "{line}"
    );
    let line: Value = serde_json::from_str(&programs.next()).unwrap();
    assert_eq!((&line["type"], &line["user_id"]), (&json!("sign_up"), &json!(id)));
    // What happens while they run is told, too.
    alice.log_in().await.ok();
    assert!(people.next().contains("  log_in  "));
    assert_eq!(
        serde_json::from_str::<Value>(&programs.next()).unwrap()["type"],
        "log_in"
    );

    let (mut left, output) = start(&app, &since);
    drop(output);
    assert!(left.wait().unwrap().success(), "a reader that has gone has read enough");
    // As the terminal does for Ctrl-C.
    let status = std::process::Command::new("sh")
        .args(["-c", "kill -INT \"$0\"", &programs.child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
    assert_eq!(programs.child.wait().unwrap().code(), None, "the signal ends it");
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn what_a_stranger_wrote_does_not_command_the_terminal_on_which_events_are_read() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let harmful = "UPDATE events SET browser = '\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{202e}b'";
    app.execute(harmful).await;
    app.database.settle().await;
    for arguments in [
        &["--since", "2000-01-01T00:00:00Z"][..],
        &["--since", "2000-01-01T00:00:00Z", "--json"],
    ] {
        let line = Tail::start(&app, arguments).next();
        assert!(
            !line.contains(char::is_control) && !line.contains('\u{202e}'),
            "{line:?}"
        );
    }
    let (events, _) = export(&app, &[]);
    assert_eq!(events[0]["browser"], "\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{202e}b");
}
