//! `neptun-auth users`, `sessions` and `keys admin`: the same deeds as by the API.

use std::io::Write;
use std::process::{Output, Stdio};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Operator, id_of, told};
use crate::helpers::binary::command;
use crate::helpers::{ALICE, PASSWORD, TestApp};

const NEW: &str = "another password";

/// Runs the command on the app's database, with this text on its standard input.
pub(super) fn run(app: &TestApp, arguments: &[&str], input: &str) -> Output {
    let mut command = command(&app.database.url);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that needs no input may have ended.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

/// What a command that succeeds prints.
pub(super) fn print(app: &TestApp, arguments: &[&str]) -> String {
    let output = run(app, arguments, "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn print_json(app: &TestApp, arguments: &[&str]) -> Value {
    serde_json::from_str(&print(app, &[arguments, &["--json"]].concat())).unwrap()
}

/// What a command that fails says.
pub(super) fn refusal(app: &TestApp, arguments: &[&str]) -> String {
    let output = run(app, arguments, "");
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn an_account_is_created_found_changed_and_deleted() {
    let app = TestApp::new().await;
    let create = [
        "users",
        "create",
        ALICE,
        "--username",
        "alice",
        "--password-file",
        "-",
        "--json",
    ];
    let output = run(&app, &create, &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{output:?}");
    let created: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&created["email"], &created["has_password"]),
        (&json!(ALICE), &json!(true))
    );
    let alice = app.client();
    alice.log_in(ALICE, PASSWORD).await.ok();
    let id = id_of(&alice).await;
    for name in ["alice@example.com", "Alice", id.as_str()] {
        assert_eq!(print_json(&app, &["users", "show", name])["id"], created["id"]);
    }
    let list = print(&app, &["users", "list", "ali"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(
        lines[0].starts_with("ID ") && lines[0].ends_with("STATE       CREATED"),
        "{list}"
    );
    assert!(lines[1].contains("alice@example.com  alice      unverified"), "{list}");
    assert_eq!(
        print_json(&app, &["users", "list", "bob"]),
        json!({"users": [], "next": null})
    );

    assert!(print_json(&app, &["users", "verify-email", "alice"])["email_verified_at"].is_string());
    assert!(print_json(&app, &["users", "disable", "alice"])["disabled_at"].is_string());
    app.client()
        .log_in(ALICE, PASSWORD)
        .await
        .fails(403, "account_disabled");
    print(&app, &["users", "enable", "alice"]);
    let set = ["users", "set-password", "alice", "--password-file", "-"];
    assert!(run(&app, &set, NEW).status.success());
    let alice = app.client();
    alice.log_in(ALICE, NEW).await.ok();
    let told = told(&alice).await;
    let by_operator: Vec<_> = told.iter().filter(|event| event.ends_with(" operator")).collect();
    let kinds = [
        "sign_up",
        "email_verified",
        "account_disabled",
        "account_enabled",
        "password_changed",
    ];
    assert_eq!(
        by_operator,
        kinds
            .iter()
            .map(|kind| format!("{kind} operator"))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    let named = "SELECT COUNT(*) FROM events WHERE data LIKE '%\"operator\":\"command line\"%'";
    assert_eq!(app.count(named).await, 5);

    assert!(refusal(&app, &["users", "delete", "alice"]).contains("add --yes to confirm"));
    print(&app, &["users", "delete", "alice", "--yes"]);
    assert!(refusal(&app, &["users", "show", "alice"]).contains("there is no account alice"));
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn what_the_api_refuses_the_command_line_refuses_with_a_sentence() {
    let app = TestApp::new().await;
    app.user("alice").await;
    for (arguments, sentence) in [
        (vec!["users", "create", ALICE], "an account has this address already"),
        (vec!["users", "create", "alice"], "the address is not acceptable"),
        (
            vec!["users", "create", "b@example.com", "--username", "a b"],
            "a user name has at most 150",
        ),
        (vec!["users", "make-admin", ALICE], "verify it first"),
        (vec!["users", "set-password", ALICE], "--password-file <FILE>"),
        (vec!["users", "list", "--limit", "201"], "201 is not in 1..=200"),
        (vec!["sessions", "revoke"], "--session <ID>"),
        (
            vec!["keys", "admin", "create", "--name", ""],
            "a key's name has 1 to 100 characters",
        ),
    ] {
        let said = refusal(&app, &arguments);
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
    for password in ["short", ALICE, "", "password123"] {
        let set = run(
            &app,
            &["users", "set-password", ALICE, "--password-file", "-"],
            password,
        );
        assert!(!set.status.success(), "{password}: {set:?}");
    }
    app.client().log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_key_that_the_command_line_makes_opens_the_api_until_it_is_revoked() {
    let app = TestApp::new().await;
    let made = print(&app, &["keys", "admin", "create", "--name", "support desk"]);
    let key = made.lines().next().unwrap().to_owned();
    let operator = Operator {
        client: app.client(),
        key,
    };
    operator.get("/users").await.ok();
    operator
        .post("/users", &json!({"email": ALICE}))
        .await
        .fails(403, "not_permitted");
    let listed = print_json(&app, &["keys", "admin", "list"]);
    assert_eq!(
        (&listed[0]["name"], &listed[0]["scopes"]),
        (&json!("support desk"), &json!(["read"]))
    );
    assert!(!listed.to_string().contains("nak_"));
    assert!(print(&app, &["keys", "admin", "list"]).contains("support desk  read"));
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(print_json(&app, &["keys", "admin", "revoke", id]), json!({ "id": id }));
    operator.get("/users").await.fails(401, "not_authenticated");
    assert!(refusal(&app, &["keys", "admin", "revoke", id]).contains("there is no key"));
    assert_eq!(print(&app, &["keys", "admin", "list"]), "There are no keys.\n");
    // Events of before name the key by its id only.
    let explained = "SELECT COUNT(*) FROM events WHERE data LIKE '%\"key_name\":\"support desk\"%' \
        AND data LIKE '%\"scopes\":\"read\"%'";
    assert_eq!(app.count(explained).await, 2);
}

#[tokio::test]
async fn signing_keys_are_listed_with_what_they_do() {
    let app = TestApp::new().await;
    let published = app.client().get("/.well-known/jwks.json").await.ok().json();
    let new = print_json(&app, &["keys", "rotate"]);
    let keys = print_json(&app, &["keys", "list"]);
    assert_eq!(keys.as_array().unwrap().last().unwrap(), &new);
    let states: Vec<_> = keys.as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["signs", "published"]);
    assert_eq!(keys[0]["id"], published["keys"][0]["kid"]);
    let list = print(&app, &["keys", "list"]);
    assert!(list.starts_with("ID ") && list.contains("  published  "), "{list}");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let id = alice.session_id().await;
    // The command has the machine's clock, by which the sessions of the test have expired.
    app.execute("UPDATE sessions SET idle_expires_at = '2999-01-01T00:00:00+00:00'")
        .await;
    assert_eq!(print_json(&app, &["sessions", "list", ALICE])[0]["id"], id);
    assert!(print(&app, &["sessions", "list", ALICE]).contains(&id));
    let before = ["sessions", "revoke", "--before", "2999-01-01T00:00:00Z"];
    assert_eq!(
        print_json(&app, &[&before[..], &["--dry-run"]].concat()),
        json!({"ended": 2})
    );
    assert_eq!(
        print(&app, &["sessions", "revoke", "--session", &id]),
        "1 session ended.\n"
    );
    assert!(refusal(&app, &["sessions", "revoke", "--session", &id]).contains("there is no live session"));
    let late = ["sessions", "revoke", "--before=+10000-01-01T00:00:00Z"];
    assert!(refusal(&app, &late).contains("write a time from 1970 on"));
    assert_eq!(
        print(&app, &["sessions", "revoke", "--user", ALICE]),
        "0 sessions ended.\n"
    );
    assert_eq!(print(&app, &before), "1 session ended.\n");
    assert_eq!(app.database.sessions().await, 0);
    drop(bob);
}

#[tokio::test]
async fn the_admin_right_and_recovery_links_come_from_the_command_line() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    assert!(refusal(&app, &["users", "make-admin", ALICE]).contains("has no authenticator app"));
    let authenticator = alice.enrol(&app).await;
    assert!(print_json(&app, &["users", "make-admin", ALICE])["admin_at"].is_string());
    assert_eq!(app.database.sessions().await, 0);
    alice.log_in().await.fails(401, "second_factor_required");
    alice.finish_log_in(&authenticator.next_code()).await.ok();
    alice.get("/api/admin/users").await.ok();
    let page = ["--recovery-url", "https://app.example.com/reset"];
    let said = refusal(&app, &[&["users", "recovery-link", ALICE][..], &page].concat());
    assert!(said.contains("use `neptun-auth users set-password`"), "{said}");
    assert!(print_json(&app, &["users", "remove-admin", ALICE])["admin_at"].is_null());
    alice.get("/api/admin/users").await.fails(403, "not_permitted");
    let link = print(
        &app,
        &[
            "users",
            "recovery-link",
            ALICE,
            "--public-url",
            "https://auth.example.com",
        ],
    );
    assert!(
        link.starts_with("https://auth.example.com/account/recover#key=") && link.contains("for one use"),
        "{link}"
    );
}

/// By default the command would take its own address for that of the service: `http://localhost:8080`.
#[tokio::test]
async fn a_recovery_link_to_the_machine_of_the_command_is_not_made() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let said = refusal(&app, &["users", "recovery-link", ALICE]);
    assert!(said.contains("set PUBLIC_URL or RECOVERY_URL"), "{said}");
    let made = "SELECT COUNT(*) FROM codes WHERE purpose = 'handed_recovery_key'";
    assert_eq!(app.count(made).await, 0);
}

/// The notices are a setting of the service, which the command need not have.
#[tokio::test]
async fn the_service_sends_no_notice_of_a_command_that_it_has_switched_off() {
    let app = TestApp::with_setup(|setup| setup.mail.notices = Vec::new()).await;
    app.user("alice").await;
    app.mails().await;
    print(&app, &["users", "set-password", ALICE, "--remove"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 1);
    // The command takes the time from the machine.
    app.clock
        .advance(Utc::now() - app.app.clock.now() + TimeDelta::minutes(1));
    assert!(
        app.mails()
            .await
            .iter()
            .all(|mail| mail.subject != "Your password was changed")
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
}

/// Anybody may sign up with such a name, and an operator decides by what is printed.
#[tokio::test]
async fn names_do_not_command_the_operators_terminal_nor_forge_a_line() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let names = json!({"first_name": "Al\nAdmin          no", "last_name": "\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{202e}b"});
    alice.send_json("PATCH", "/api/users/me", &names).await.ok();
    let shown = print(&app, &["users", "show", ALICE]);
    assert!(
        shown.contains("Name           Al\u{fffd}Admin          no \u{fffd}]52;c;eA==\u{fffd}\u{fffd}2J\u{fffd}b\n"),
        "{shown:?}"
    );
    assert_eq!(shown.matches("\nAdmin ").count(), 1, "{shown:?}");
    for arguments in [vec!["users", "show", ALICE], vec!["users", "list"]] {
        let json = print(&app, &[&arguments[..], &["--json"]].concat());
        assert!(
            !json.trim_end().contains(char::is_control) && !json.contains('\u{202e}'),
            "{json:?}"
        );
        assert!(json.contains("\\u009b2J\\u202eb"), "{json:?}");
    }
}

#[tokio::test]
async fn what_is_done_to_a_webhook_is_answered_with_json() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let made = print_json(&app, &["webhooks", "create", "https://hooks.example.com/"]);
    let id = made["id"].as_str().unwrap();
    let disabled = print_json(&app, &["webhooks", "disable", id]);
    assert_eq!(
        (&disabled["id"], &disabled["url"]),
        (&made["id"], &json!("https://hooks.example.com/"))
    );
    assert!(disabled["disabled_at"].is_string());
    assert!(print_json(&app, &["webhooks", "enable", id])["disabled_at"].is_null());
    assert!(print_json(&app, &["webhooks", "rotate", id])["secret"].is_string());
    assert_eq!(print_json(&app, &["webhooks", "delete", id]), json!({ "id": id }));
    assert_eq!(print_json(&app, &["webhooks", "list"]), json!([]));
    assert_eq!(print_json(&app, &["migrate"]), json!({"is_up_to_date": true}));
    assert!(print_json(&app, &["keys", "reseal"])["signing_keys"].is_u64());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.jsonl");
    let said = print_json(&app, &["export", file.to_str().unwrap()]);
    assert_eq!(said, json!({"accounts": 1}));
}
