//! What the database tells: its schema, its disk, what is sealed in it, its webhooks.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{findings, troubles};
use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, command};
use crate::helpers::old_schemas::newest;

fn says(findings: &[Value], id: &str) -> String {
    let found = findings.iter().find(|finding| finding["id"] == id);
    found.map_or_else(String::new, |finding| finding["says"].as_str().unwrap().to_owned())
}

/// The path of a SQLite file in `folder`, and its URL.
fn sqlite(folder: &TempDir) -> (PathBuf, String) {
    let file = folder.path().join("auth.db");
    let url = format!("sqlite:{}", file.display());
    (file, url)
}

fn grow(file: &Path, bytes: u64) {
    let file = OpenOptions::new().append(true).open(file).unwrap();
    // Without data in it, so it takes no room.
    File::set_len(&file, bytes).unwrap();
}

#[tokio::test]
async fn a_database_that_lacks_migrations_or_does_not_answer_is_named_and_stays_as_it_is() {
    let database = TestDatabase::create().await;
    let (before, _) = findings(&database.url, &[], &[]);
    assert_eq!(troubles(&before), [""; 0], "{before:?}");
    let mut service = Binary::start(&database.url, &[]);
    service.signal("-TERM");
    service.wait(Duration::from_mins(1)).unwrap();
    let old = database.as_of_schema(newest() - 2).await;
    for _ in 0..2 {
        let (findings, _) = findings(&old.url, &[], &[]);
        assert_eq!(troubles(&findings), ["database warn DATABASE_URL"], "{findings:?}");
        assert!(
            says(&findings, "database").contains("lacks 2 migrations"),
            "{findings:?}"
        );
    }
    let gone = "postgres://user:password@127.0.0.1:9/gone";
    let (findings, _) = findings(gone, &[], &[]);
    assert_eq!(troubles(&findings), ["database fail DATABASE_URL"], "{findings:?}");
}

#[tokio::test]
async fn a_secret_key_that_does_not_open_what_is_sealed_is_named_also_while_the_service_runs() {
    let database = TestDatabase::create().await;
    let _service = Binary::start(&database.url, &[]);
    let (right, _) = findings(&database.url, &[], &[]);
    assert_eq!(troubles(&right), [""; 0], "{right:?}");
    assert!(says(&right, "secret-key").contains("opens"), "{right:?}");
    let other = "9e41b7c05d2a86f31c74e9580bd63fa2715ec88d40f29b6a37d1045ce8b92f6d";
    let (wrong, _) = findings(&database.url, &[("NEPTUN_AUTH_SECRET_KEY", other)], &[]);
    assert_eq!(troubles(&wrong), ["secret-key fail SECRET_KEY"], "{wrong:?}");
    assert!(says(&wrong, "secret-key").contains("1 of 1 signing keys"), "{wrong:?}");
    let both = [
        ("NEPTUN_AUTH_SECRET_KEY", other),
        ("NEPTUN_AUTH_PREVIOUS_SECRET_KEY", crate::helpers::SECRET_KEY),
    ];
    let (both, _) = findings(&database.url, &both, &[]);
    assert_eq!(troubles(&both), [""; 0], "{both:?}");
}

#[tokio::test]
async fn a_webhook_that_leads_into_the_own_network_is_named_without_its_path() {
    let database = TestDatabase::create().await;
    let url = "https://localhost:9/hook-of-our-own";
    let made = command(&database.url)
        .args(["webhooks", "create", url])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let (own, _) = findings(&database.url, &[], &[]);
    assert_eq!(troubles(&own), ["webhook.address warn OUTBOUND_NETWORKS"], "{own:?}");
    assert!(says(&own, "webhook.address").contains("localhost"), "{own:?}");
    assert!(!says(&own, "webhook.address").contains("hook-of-our-own"), "{own:?}");
    let listed = [("NEPTUN_AUTH_OUTBOUND_NETWORKS", "127.0.0.0/8,::1")];
    let (listed, _) = findings(&database.url, &listed, &[]);
    assert_eq!(troubles(&listed), [""; 0], "{listed:?}");
}

#[test]
fn a_disk_without_room_and_a_log_that_is_not_emptied_are_named() {
    let folder = TempDir::new().unwrap();
    let (file, url) = sqlite(&folder);
    let mut service = Binary::start(&url, &[]);
    service.sign_up("alice@example.com").unwrap();
    // What a service leaves that is killed, so that there is a log.
    service.kill();
    grow(&folder.path().join("auth.db-wal"), 1 << 30);
    let (large_log, _) = findings(&url, &[], &[]);
    assert_eq!(
        troubles(&large_log),
        ["database.log warn DATABASE_URL"],
        "{large_log:?}"
    );
    // Larger than any disk.
    grow(&file, 8 << 40);
    let (no_room, _) = findings(&url, &[], &[]);
    assert_eq!(
        troubles(&no_room),
        ["database.disk warn DATABASE_URL", "database.log warn DATABASE_URL"],
        "{no_room:?}"
    );
}

#[test]
fn a_hash_that_takes_long_and_a_listener_for_operators_that_is_open_to_all_are_named() {
    let folder = TempDir::new().unwrap();
    let slow = [
        ("NEPTUN_AUTH_ARGON2_MEMORY_KIB", "65536"),
        ("NEPTUN_AUTH_ARGON2_ITERATIONS", "64"),
        ("NEPTUN_AUTH_ADMIN_LISTEN", "0.0.0.0:9091"),
    ];
    let (slow, code) = findings(&sqlite(&folder).1, &slow, &[]);
    let expected = ["admin-listen warn ADMIN_LISTEN", "password-hash warn ARGON2_ITERATIONS"];
    assert_eq!(troubles(&slow), expected, "{slow:?}");
    assert_eq!(code, 1);
    let private = [("NEPTUN_AUTH_ADMIN_LISTEN", "10.0.0.1:9091")];
    let (private, _) = findings(&sqlite(&folder).1, &private, &[]);
    assert_eq!(troubles(&private), [""; 0], "{private:?}");
}
