//! Updates from every schema there ever was, and the copies that are made before them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::TimeDelta;
use neptun_auth::flows::worker::delete_old_copies::delete_old_copies;

use crate::helpers::binary::command;
use crate::helpers::old_schemas::newest;
use crate::helpers::{ALICE, PASSWORD, TestApp, TestDatabase};

/// The first schema with accounts, sessions and signing keys.
const FIRST_WHOLE: usize = 3;

#[tokio::test]
async fn from_every_earlier_schema_owners_log_in_and_stay_signed_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let tokens = alice.tokens().await;
    for schema in FIRST_WHOLE..=newest() {
        let database = app.database.as_of_schema(schema).await;
        let updated = TestApp::on(database, |setup| setup.clock = app.clock.clone()).await;
        let browser = updated.client();
        browser.set_cookie(alice.cookie());
        assert_eq!(browser.shown_email().await, ALICE, "schema {schema}");
        let refreshed = browser.refresh(&tokens.refresh).await.ok().tokens();
        browser.get_as("/api/me/", &tokens.access).await.ok();
        browser.get_as("/api/me/", &refreshed.access).await.ok();
        updated.log_in(ALICE, PASSWORD).await.ok();
        updated.user("bob").await;
        updated.client().get("/health/ready").await.ok();
        // What was there can also be ended.
        browser.log_out().await.ok();
        assert!(!browser.is_signed_in().await, "schema {schema}");
        updated.app.close().await;
    }
}

/// The names in the folder of a SQLite database that begin like its own, except for its own.
fn beside(database: &TestDatabase) -> Vec<String> {
    let path = Path::new(database.url.strip_prefix("sqlite:").unwrap());
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.contains(".schema-")).collect();
    names.sort();
    names
}

fn migrate(database: &TestDatabase, copies: &str) -> (bool, String) {
    let output = command(&database.url)
        .arg("migrate")
        .env("NEPTUN_AUTH_MIGRATION_COPIES", copies)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

async fn old_database() -> TestDatabase {
    let app = TestApp::on(TestDatabase::create_sqlite(), |_| {}).await;
    app.user("alice").await;
    app.database.as_of_schema(FIRST_WHOLE).await
}

#[tokio::test]
async fn before_a_migration_a_private_copy_is_made_that_the_release_before_can_open() {
    let database = old_database().await;
    let (succeeded, log) = migrate(&database, "3");
    assert!(succeeded, "{log}");
    assert_eq!(beside(&database), ["test.db.schema-0003"]);
    let path = database.url.strip_prefix("sqlite:").unwrap();
    let copy = format!("{path}.schema-0003");
    let mode = fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let copied = TestDatabase::create_sqlite();
    fs::copy(&copy, copied.url.strip_prefix("sqlite:").unwrap()).unwrap();
    assert_eq!(copied.users().await, 1);
    let last = "SELECT MAX(version) FROM _sqlx_migrations";
    assert_eq!(copied.count(last).await, 3);
    assert!(database.count(last).await > 3);
    // Without a migration there is no copy, and a new database has nothing to copy.
    fs::remove_file(&copy).unwrap();
    assert!(migrate(&database, "3").0);
    let new = TestDatabase::create_sqlite();
    assert!(migrate(&new, "3").0);
    assert_eq!((beside(&database).len(), beside(&new).len()), (0, 0));
}

#[tokio::test]
async fn as_many_copies_are_kept_as_the_setting_says() {
    let database = old_database().await;
    let path = database.url.strip_prefix("sqlite:").unwrap();
    for name in ["schema-0001", "schema-0002", "schema-9999", "schema-mine"] {
        fs::write(format!("{path}.{name}"), "a copy").unwrap();
    }
    let (succeeded, log) = migrate(&database, "2");
    assert!(succeeded, "{log}");
    assert_eq!(
        beside(&database),
        ["test.db.schema-0003", "test.db.schema-9999", "test.db.schema-mine"]
    );
    let without = old_database().await;
    assert!(migrate(&without, "0").0);
    assert!(beside(&without).is_empty());
}

/// A copy still has what people have deleted since.
#[tokio::test]
async fn a_copy_goes_after_30_days() {
    let app = TestApp::on(TestDatabase::create_sqlite(), |_| {}).await;
    let path = app.database.url.strip_prefix("sqlite:").unwrap();
    for name in ["schema-0002", "schema-mine"] {
        let copy = fs::File::create(format!("{path}.{name}")).unwrap();
        copy.set_modified(app.clock.now().into()).unwrap();
    }
    app.clock.advance(TimeDelta::days(29));
    delete_old_copies(&app.app).await.unwrap();
    assert_eq!(beside(&app.database).len(), 2);
    app.clock.advance(TimeDelta::days(2));
    delete_old_copies(&app.app).await.unwrap();
    assert_eq!(beside(&app.database), ["test.db.schema-mine"]);
}

#[tokio::test]
async fn a_copy_that_can_not_be_made_stops_the_migration() {
    let database = old_database().await;
    let path = database.url.strip_prefix("sqlite:").unwrap();
    // A folder has the name of the copy.
    fs::create_dir(format!("{path}.schema-0003")).unwrap();
    let (succeeded, log) = migrate(&database, "3");
    assert!(!succeeded, "{log}");
    assert!(log.contains("set MIGRATION_COPIES to 0"), "{log}");
    let last = "SELECT MAX(version) FROM _sqlx_migrations";
    assert_eq!(database.count(last).await, 3);
    assert!(migrate(&database, "0").0);
}
