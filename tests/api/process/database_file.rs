//! The SQLite file and the key file beside it: what the start says about them, and when it refuses.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::helpers::SECRET_KEY;

/// What `neptun-auth migrate` says about the database, and whether it succeeds. `serve` opens it in the same way.
fn open(folder: &Path, command: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let mut binary = Command::new(env!("CARGO_BIN_EXE_neptun-auth"));
    binary
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", "sqlite:auth.db");
    let output = binary.envs(variables.iter().copied()).args(command).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

const ROTATE: &[&str] = &["keys", "rotate"];

#[test]
fn the_start_says_whether_the_database_was_created_or_opened() {
    let folder = TempDir::new().unwrap();
    let (_, log) = open(folder.path(), &["migrate"], &[]);
    assert!(
        log.contains("created the database file auth.db without accounts"),
        "{log}"
    );
    let (_, log) = open(folder.path(), ROTATE, &[]);
    assert!(
        log.contains("opened the database file auth.db, which was not used yet"),
        "{log}"
    );
    let (_, log) = open(folder.path(), ROTATE, &[]);
    assert!(log.contains("opened the database file auth.db\n"), "{log}");
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn a_database_that_is_gone_or_empty_beside_its_key_file_is_not_replaced_by_a_new_one() {
    for is_emptied in [false, true] {
        for command in [ROTATE, &["migrate"], &["serve"]] {
            let folder = TempDir::new().unwrap();
            assert!(open(folder.path(), ROTATE, &[]).0);
            let database = folder.path().join("auth.db");
            if is_emptied {
                fs::write(&database, "").unwrap();
            } else {
                fs::remove_file(&database).unwrap();
            }
            for name in ["auth.db-wal", "auth.db-shm"] {
                // They are there only if the service had no time to remove them.
                drop(fs::remove_file(folder.path().join(name)));
            }
            let (succeeded, error) = open(folder.path(), command, &[("NEPTUN_AUTH_LISTEN", "127.0.0.1:0")]);
            assert!(!succeeded, "{error}");
            assert!(
                error.contains("the database file auth.db is gone or empty, but its key file"),
                "{error}"
            );
            assert_eq!(database.exists(), is_emptied, "nothing was created");
            // With the key file gone too, it is a new service.
            fs::remove_file(folder.path().join("auth.db.key")).unwrap();
            assert!(open(folder.path(), ROTATE, &[]).0);
        }
    }
}

#[test]
fn a_new_database_beside_that_of_another_name_is_a_warning() {
    let folder = TempDir::new().unwrap();
    open(folder.path(), ROTATE, &[]);
    let (succeeded, log) = open(folder.path(), ROTATE, &[("DATABASE_URL", "sqlite:./auht.db")]);
    assert!(succeeded);
    assert!(
        log.contains("WARN") && log.contains("auth.db.key: is DATABASE_URL misspelt?"),
        "{log}"
    );
}

#[test]
fn a_database_whose_tables_were_emptied_is_a_warning() {
    let folder = TempDir::new().unwrap();
    open(folder.path(), ROTATE, &[]);
    fs::rename(folder.path().join("auth.db.key"), folder.path().join("kept.key")).unwrap();
    fs::remove_file(folder.path().join("auth.db")).unwrap();
    open(folder.path(), &["migrate"], &[]);
    fs::rename(folder.path().join("kept.key"), folder.path().join("auth.db.key")).unwrap();
    let (succeeded, log) = open(folder.path(), ROTATE, &[]);
    assert!(succeeded);
    assert!(
        log.contains("WARN") && log.contains("was never used: was it emptied?"),
        "{log}"
    );
}

#[test]
fn a_secret_key_file_that_every_user_can_read_is_a_warning() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("secret");
    fs::write(&key, SECRET_KEY).unwrap();
    let variables = [("NEPTUN_AUTH_SECRET_KEY_FILE", "secret")];
    for (mode, is_warned) in [(0o644, true), (0o604, true), (0o640, false), (0o600, false)] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let (succeeded, log) = open(folder.path(), ROTATE, &variables);
        assert!(succeeded, "{log}");
        assert_eq!(
            log.contains("every user of this machine can read the secret key file secret"),
            is_warned,
            "{log}"
        );
    }
}
