//! `neptun-auth copy`: from SQLite to PostgreSQL.

use std::process::{Output, Stdio};

use serde_json::json;

use crate::helpers::binary::command;
use crate::helpers::{ALICE, PASSWORD, TestApp, TestDatabase};

fn copy(from: &TestDatabase, to: &TestDatabase) -> Output {
    let mut command = command(&from.url);
    command
        .arg("copy")
        .env("NEPTUN_AUTH_COPY_TO", &to.url)
        .stdout(Stdio::piped());
    command.output().unwrap()
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_move_to_postgresql_loses_nothing_and_signs_no_client_out() {
    let before = TestApp::on(TestDatabase::create_sqlite(), |_| {}).await;
    let alice = before.verified_user("alice").await;
    let tokens = alice.token_pair(ALICE, PASSWORD).await;
    let gone = before.user("gone").await;
    gone.delete_account().await.ok();
    before.user("bob").await.ask_for_reset(ALICE).await.ok();
    let tables = [
        "SELECT COUNT(*) FROM users",
        "SELECT COUNT(*) FROM sessions",
        "SELECT COUNT(*) FROM signing_keys",
        "SELECT COUNT(*) FROM codes",
        "SELECT COUNT(*) FROM outbox",
        "SELECT COUNT(*) FROM events",
        "SELECT COUNT(*) FROM devices",
        "SELECT COUNT(*) FROM attempts",
    ];
    let mut counted = Vec::new();
    for sql in tables {
        counted.push(before.count(sql).await);
    }
    let target = TestDatabase::create().await;
    let output = copy(&before.database, &target);
    assert!(output.status.success(), "{output:?}");

    let after = TestApp::on(target, |setup| setup.clock = before.clock.clone()).await;
    for (sql, count) in tables.into_iter().zip(counted) {
        assert_eq!(after.count(sql).await, count, "{sql}");
    }
    let browser = after.client();
    browser.set_cookie(alice.cookie());
    browser.set_device(alice.device());
    assert_eq!(browser.session().await["user"], alice.session().await["user"]);
    let refreshed = browser.refresh(&tokens.refresh).await.ok().tokens();
    browser.get_as("/api/me/", &tokens.access).await.ok();
    let me = browser.get_as("/api/me/", &refreshed.access).await.ok().json();
    assert_eq!(me["id"], 1);
    browser.log_in(ALICE, PASSWORD).await.ok();
    // The number of the deleted account is not given again.
    let body = json!({"username": "new", "email": "new@example.com", "password": PASSWORD});
    let created = after.client().post("/api/sign-up/", &body).await.json();
    assert_eq!(created["user"]["id"], 4, "{created}");
    // A second copy would mix two services.
    let again = copy(&before.database, &after.database);
    assert!(!again.status.success());
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("empty database"),
        "{again:?}"
    );
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_copy_goes_from_sqlite_to_postgresql_only() {
    let (one, other) = (TestDatabase::create().await, TestDatabase::create_sqlite());
    let output = copy(&one, &other);
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("from SQLite to PostgreSQL"),
        "{output:?}"
    );
}
