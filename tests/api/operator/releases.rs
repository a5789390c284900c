//! An older release on a database that a newer one has migrated: in a rolling deploy, and after a rollback.

use std::process::Output;

use crate::helpers::binary::command;
use crate::helpers::{PASSWORD, TestApp, TestDatabase};

/// Adds a row as a newer release's migration leaves it.
async fn migrated_by_a_newer_release(database: &TestDatabase, is_additive: bool) {
    let (sqlite, postgres) = if is_additive {
        (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9000, 'users additive', TRUE, x'00', 1)",
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9000, 'users additive', TRUE, '\\x00', 1)",
        )
    } else {
        (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9000, 'users', TRUE, x'00', 1)",
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9000, 'users', TRUE, '\\x00', 1)",
        )
    };
    database.execute(sqlite, postgres).await;
}

fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    command(&database.url).args(arguments).output().unwrap()
}

#[tokio::test]
async fn an_older_release_starts_if_the_newer_migrations_say_that_they_only_add() {
    let app = TestApp::new().await;
    migrated_by_a_newer_release(&app.database, true).await;
    app.client().get("/health/ready").await.ok();
    let second = app.second_instance().await;
    second.sign_up("alice@example.com", PASSWORD).await.ok();
    second.get("/health/ready").await.ok();
    for arguments in [&["migrate"][..], &["keys", "rotate"]] {
        let output = run(&app.database, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn an_older_release_refuses_other_newer_migrations_with_a_sentence() {
    let app = TestApp::new().await;
    migrated_by_a_newer_release(&app.database, false).await;
    for arguments in [&["serve"][..], &["migrate"], &["keys", "rotate"]] {
        let output = run(&app.database, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.contains("a newer release has migrated this database (9000: users)"),
            "{error}"
        );
    }
}
