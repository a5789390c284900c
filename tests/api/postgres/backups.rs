//! What PostgreSQL's own programs dump and restore.

use std::process::Command;

use crate::helpers::binary::command;
use crate::helpers::{ALICE, PASSWORD, TestApp, TestDatabase};

fn succeeds(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn program(name: &str, arguments: &[&str]) {
    let mut program = Command::new(name);
    program.args(arguments);
    succeeds(program);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_dump_is_restored_and_brings_no_session_back() {
    let app = TestApp::on(TestDatabase::create_whole("UTF8").await, |_| {}).await;
    let alice = app.user("alice").await;
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("copy.dump");
    let dump = dump.to_str().unwrap();
    program("pg_dump", &["--format=custom", "--file", dump, &app.database.url]);
    let cookie = alice.cookie();
    alice.log_out().await.ok();

    let target = TestDatabase::create_whole("UTF8").await;
    program("pg_restore", &["--no-owner", "--dbname", &target.url, dump]);
    assert_eq!(target.sessions().await, 1);
    let mut restore = command(&target.url);
    restore.args(["restore", "--in-place", "--yes"]);
    succeeds(restore);
    let after = TestApp::on(target, |setup| setup.clock = app.clock.clone()).await;
    let browser = after.client();
    browser.set_cookie(cookie);
    assert!(!browser.is_signed_in().await);
    after.log_in(ALICE, PASSWORD).await.ok();
}
