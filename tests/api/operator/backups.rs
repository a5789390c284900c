//! `neptun-auth backup` and `restore`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use poem::Body;
use poem::http::Method;
use serde_json::Value;

use super::moving::Files;
use crate::helpers::binary::{Binary, command};
use crate::helpers::{ALICE, PASSWORD, SECRET_KEY, TestApp, TestDatabase};

fn run(url: &str, arguments: &[&str]) -> Output {
    command(url).args(arguments).stdout(Stdio::piped()).output().unwrap()
}

fn succeeds(url: &str, arguments: &[&str]) -> String {
    let output = run(url, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(url: &str, arguments: &[&str], sentence: &str) {
    let output = run(url, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(sentence), "{error}");
}

fn path_of(database: &TestDatabase) -> &str {
    database.url.strip_prefix("sqlite:").unwrap()
}

async fn sqlite_app() -> TestApp {
    TestApp::on(TestDatabase::create_sqlite(), |_| {}).await
}

/// The service on a restored database.
async fn restored_app(database: TestDatabase, before: &TestApp) -> TestApp {
    TestApp::on(database, |setup| setup.clock = before.clock.clone()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_all_that_was_answered_before_it_and_nothing_by_half() {
    let database = TestDatabase::create_sqlite();
    let binary = Binary::start(&database.url, &[]);
    let files = Files::new();
    let (answered, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let copies = scope(|threads| {
        for thread in 0..3 {
            let (binary, answered, is_over) = (&binary, &answered, &is_over);
            threads.spawn(move || {
                for number in 0.. {
                    let email = format!("user{number}@thread{thread}.example.com");
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    assert_eq!(binary.sign_up(&email), Some(200));
                    answered.lock().unwrap().push(email);
                }
            });
        }
        let mut copies = Vec::new();
        for round in 1..=3 {
            let began = Instant::now();
            while answered.lock().unwrap().len() < round * 5 && began.elapsed() < Duration::from_mins(2) {
                sleep(Duration::from_millis(5));
            }
            let before = answered.lock().unwrap().clone();
            let copy = files.path(&format!("copy{round}.db"));
            let output = run(&database.url, &["backup", copy.to_str().unwrap()]);
            copies.push((before, copy, output));
        }
        is_over.store(true, Ordering::SeqCst);
        copies
    });
    for (before, copy, output) in copies {
        assert!(output.status.success(), "{output:?}");
        let target = TestDatabase::create_sqlite();
        succeeds(&target.url, &["restore", copy.to_str().unwrap(), "--keep-access"]);
        let users = target.users().await;
        assert!(before.len() >= 5 && users >= i64::try_from(before.len()).unwrap());
        let events = "SELECT COUNT(*) FROM events WHERE kind = 'sign_up'";
        assert_eq!(
            target.count(events).await,
            users,
            "an account and its event are one transaction"
        );
        assert_eq!(target.sessions().await, users);
        let restored = Binary::start(&target.url, &[]);
        for email in [before.first(), before.last()].into_iter().flatten() {
            assert_eq!(restored.log_in(email, PASSWORD), Some(200));
        }
    }
}

#[tokio::test]
async fn a_restored_copy_brings_nothing_back_that_has_ended_since() {
    let app = sqlite_app().await;
    let alice = app.verified_user("alice").await;
    let bob = app.user("bob").await;
    let dave = app.user("dave").await;
    let operator = app.operator().await;
    let (tokens, ended_tokens) = (alice.tokens().await, bob.tokens().await);
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().ask_for_reset(&bob.email).await.ok();
    let files = Files::new();
    let copy = files.path("copy.db");
    succeeds(&app.database.url, &["backup", copy.to_str().unwrap()]);

    let logged_out = bob.cookie();
    bob.blacklist(&ended_tokens.refresh).await.ok();
    bob.log_out().await.ok();
    dave.delete_account().await.ok();
    let deletions = succeeds(&app.database.url, &["users", "deleted"]);
    assert_eq!(deletions.lines().count(), 1);
    let later = &["users", "deleted", "--since", "2030-01-01T00:00:00Z"];
    assert_eq!(succeeds(&app.database.url, later), "");
    let deletions = files.write("deletions", &deletions);

    let target = TestDatabase::create_sqlite();
    let arguments = [
        "restore",
        copy.to_str().unwrap(),
        "--deletions",
        deletions.to_str().unwrap(),
    ];
    let said = succeeds(&target.url, &arguments);
    assert!(said.contains("Deleted 1 of the 1 accounts"), "{said}");
    assert!(said.contains("its last change is of 2024-10-04T00:00:00Z"), "{said}");
    assert!(said.contains(" old: "), "{said}");
    for (sql, rest) in [
        ("SELECT COUNT(*) FROM sessions", 0),
        ("SELECT COUNT(*) FROM codes", 0),
        ("SELECT COUNT(*) FROM outbox", 0),
        ("SELECT COUNT(*) FROM admin_keys", 0),
        ("SELECT COUNT(*) FROM signing_keys", 1),
        ("SELECT COUNT(*) FROM users", 2),
        ("SELECT COUNT(*) FROM events WHERE data LIKE '%restored%'", 1),
        ("SELECT COUNT(*) FROM events WHERE kind = 'account_deleted'", 1),
    ] {
        assert_eq!(target.count(sql).await, rest, "{sql}");
    }

    let after = restored_app(target, &app).await;
    for cookie in [logged_out, alice.cookie(), dave.cookie()] {
        let browser = after.client();
        browser.set_cookie(cookie);
        assert!(!browser.is_signed_in().await);
    }
    for tokens in [&tokens, &ended_tokens] {
        after.client().refresh(&tokens.refresh).await.assert_status(401);
        after
            .client()
            .get_as("/api/me/", &tokens.access)
            .await
            .assert_status(401);
    }
    let reset = after.client().reset_password(ALICE, &code, "another password").await;
    reset.fails(404, "otp_not_found");
    let bearer = format!("Bearer {}", operator.key);
    let (program, headers) = (after.client(), [("authorization", bearer.as_str())]);
    let listed = program.send(Method::GET, "/api/admin/users", &headers, Body::empty());
    listed.await.assert_status(401);
    after
        .log_in(&dave.email, PASSWORD)
        .await
        .fails(401, "invalid_credentials");
    after.log_in(ALICE, PASSWORD).await.ok();
}

/// A key that was stolen and rotated since must not sign again.
#[tokio::test]
async fn a_restore_replaces_the_keys_that_sign_access_tokens() {
    let app = sqlite_app().await;
    let alice = app.user("alice").await;
    let kids = async |app: &TestApp| {
        let set: Value = app.client().get("/.well-known/jwks.json").await.json();
        let keys = set["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = kids(&app).await;
    let files = Files::new();
    let copy = files.path("copy.db");
    succeeds(&app.database.url, &["backup", copy.to_str().unwrap()]);
    let target = TestDatabase::create_sqlite();
    let said = succeeds(&target.url, &["restore", copy.to_str().unwrap(), "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["signing_keys_replaced"], 1);
    let after = restored_app(target, &app).await;
    let now = kids(&after).await;
    assert_eq!(now.len(), 1);
    assert_ne!(now, before);
    let tokens = after.client().token_pair(&alice.email, PASSWORD).await;
    after.client().get_as("/api/me/", &tokens.access).await.ok();
}

#[tokio::test]
async fn two_restores_to_one_place_do_not_mix() {
    let app = sqlite_app().await;
    app.user("alice").await;
    let files = Files::new();
    let copy = files.path("copy.db");
    let copy = copy.to_str().unwrap();
    succeeds(&app.database.url, &["backup", copy]);
    let target = TestDatabase::create_sqlite();
    let lock = fs::File::create(format!("{}-lock", path_of(&target))).unwrap();
    lock.lock().unwrap();
    fails(&target.url, &["restore", copy], "another restore is under way");
    assert_eq!(names_beside(&target), ["test.db-lock"]);
    drop(lock);
    let restores: Vec<_> = scope(|threads| {
        let restores: Vec<_> = (0..3)
            .map(|_| threads.spawn(|| run(&target.url, &["restore", copy])))
            .collect();
        restores.into_iter().map(|restore| restore.join().unwrap()).collect()
    });
    let successes = restores.iter().filter(|output| output.status.success()).count();
    assert_eq!(successes, 1, "{restores:?}");
    assert_eq!(target.sessions().await, 0, "what is there was taken over");
}

#[tokio::test]
async fn a_restore_that_keeps_access_signs_no_client_out() {
    let app = sqlite_app().await;
    let alice = app.user("alice").await;
    let tokens = alice.tokens().await;
    let files = Files::new();
    let copy = files.path("copy.db");
    succeeds(&app.database.url, &["backup", copy.to_str().unwrap()]);
    let target = TestDatabase::create_sqlite();
    let said = succeeds(
        &target.url,
        &["restore", copy.to_str().unwrap(), "--keep-access", "--json"],
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["sessions_ended"], 0);
    let after = restored_app(target, &app).await;
    let browser = after.client();
    browser.set_cookie(alice.cookie());
    assert!(browser.is_signed_in().await);
    browser.refresh(&tokens.refresh).await.ok();
}

#[tokio::test]
async fn what_another_program_restored_is_taken_over_in_place() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let tokens = alice.tokens().await;
    assert!(alice.is_signed_in().await);
    succeeds(&app.database.url, &["webhooks", "create", "https://hooks.example.com/"]);
    fails(&app.database.url, &["restore", "--in-place"], "add --yes to confirm");
    assert!(alice.is_signed_in().await);
    let said = succeeds(&app.database.url, &["restore", "--in-place", "--yes"]);
    assert!(
        said.contains("Disabled: 1 webhooks. Replaced: 1 signing keys."),
        "{said}"
    );
    // Instances that run all the same notice within a second; a slow machine gets more time.
    let began = Instant::now();
    while alice.is_signed_in().await && began.elapsed() < Duration::from_mins(1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!alice.is_signed_in().await);
    alice.another().refresh(&tokens.refresh).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.ok();
    assert_eq!(app.database.users().await, 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM webhooks WHERE disabled_at IS NOT NULL")
            .await,
        1
    );
    // Accounts and events that the copy does not know had the numbers in between.
    app.user("bob").await;
    for sql in ["SELECT MAX(number) FROM users", "SELECT MAX(number) FROM events"] {
        assert!(app.count(sql).await > 1_000_000, "{sql}");
    }
}

/// Of a folder in which others write too.
#[tokio::test]
async fn a_file_that_another_user_made_does_not_get_the_copy() {
    let app = sqlite_app().await;
    let files = Files::new();
    let (copy, draft) = (files.path("copy.db"), files.path("copy.db.part"));
    let foreign = files.write("foreign", "untouched");
    std::os::unix::fs::symlink(&foreign, &draft).unwrap();
    succeeds(&app.database.url, &["backup", copy.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "untouched");
    assert!(!fs::symlink_metadata(&copy).unwrap().is_symlink());

    let second = files.path("second.db");
    let readable = files.write("second.db.part", "");
    fs::set_permissions(&readable, fs::Permissions::from_mode(0o666)).unwrap();
    succeeds(&app.database.url, &["backup", second.to_str().unwrap()]);
    assert_eq!((mode(&copy), mode(&second)), (0o600, 0o600));
}

#[tokio::test]
async fn postgresql_is_backed_up_with_its_own_program() {
    let app = TestApp::new().await;
    let files = Files::new();
    let copy = files.path("copy.db");
    let copy = copy.to_str().unwrap();
    if app.database.is_postgres() {
        fails(&app.database.url, &["backup", copy], "pg_dump");
        fails(&app.database.url, &["restore", copy], "pg_restore");
    } else {
        succeeds(&app.database.url, &["backup", copy]);
    }
}

/// What lies in the folder of a database of SQLite.
fn names_beside(database: &TestDatabase) -> Vec<String> {
    let folder = Path::new(path_of(database)).parent().unwrap();
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_key_goes_into_a_file_of_its_own_and_comes_back_from_there() {
    let (database, files) = (TestDatabase::create_sqlite(), Files::new());
    let without_key = |url: &str, arguments: &[&str]| {
        let mut command = command(url);
        command.env_remove("NEPTUN_AUTH_SECRET_KEY").args(arguments);
        command.output().unwrap()
    };
    assert!(without_key(&database.url, &["keys", "rotate"]).status.success());
    let copy = files.path("copy.db");
    let made = without_key(&database.url, &["backup", copy.to_str().unwrap()]);
    assert!(made.status.success(), "{made:?}");
    let key = files.path("copy.db.key");
    assert_eq!((mode(&copy), mode(&key)), (0o600, 0o600));
    let own = fs::read(format!("{}.key", path_of(&database))).unwrap();
    assert_eq!(fs::read(&key).unwrap(), own);
    let names = fs::read_dir(copy.parent().unwrap()).unwrap();
    assert_eq!(names.count(), 2, "nothing else is left there");

    let target = TestDatabase::create_sqlite();
    let restored = without_key(&target.url, &["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{restored:?}");
    let target_key = format!("{}.key", path_of(&target));
    assert_eq!(fs::read(&target_key).unwrap(), own);
    assert_eq!(mode(Path::new(&target_key)), 0o600);
    assert_eq!(mode(Path::new(path_of(&target))), 0o600);
    assert_eq!(names_beside(&target), ["test.db", "test.db-lock", "test.db.key"]);
    assert!(without_key(&target.url, &["keys", "rotate"]).status.success());

    // Without a key the copy is of no use, and a wrong one is noticed at once.
    fs::remove_file(&key).unwrap();
    let target = TestDatabase::create_sqlite();
    let refused = without_key(&target.url, &["restore", copy.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(error.contains("the key of the copy is missing"), "{error}");
    fails(
        &target.url,
        &["restore", copy.to_str().unwrap()],
        "SECRET_KEY is not the one",
    );
    assert!(!Path::new(path_of(&target)).exists());
    let other = files.path("other.db");
    fails(
        &database.url,
        &["backup", other.to_str().unwrap()],
        "SECRET_KEY is not the one",
    );
    assert!(!other.exists());
}

#[tokio::test]
async fn no_file_is_overwritten_and_what_a_killed_command_left_is_no_obstacle() {
    let app = sqlite_app().await;
    app.user("alice").await;
    let files = Files::new();
    let copy = files.write("copy.db", "mine");
    let copy = copy.to_str().unwrap();
    fails(&app.database.url, &["backup", copy], "is there already");
    assert_eq!(fs::read_to_string(copy).unwrap(), "mine");
    fs::remove_file(copy).unwrap();
    fs::write(format!("{copy}.key"), SECRET_KEY).unwrap();
    fails(&app.database.url, &["backup", copy], "is there already");
    fs::remove_file(format!("{copy}.key")).unwrap();
    fs::write(format!("{copy}.part"), "half a copy").unwrap();
    let said = succeeds(&app.database.url, &["backup", copy, "--without-key"]);
    assert!(said.contains("Its secret key is not in it"), "{said}");
    assert!(!Path::new(&format!("{copy}.part")).exists());
    assert!(!Path::new(&format!("{copy}.key")).exists());

    fails(&app.database.url, &["restore", copy], "is there: stop the service");
    let target = TestDatabase::create_sqlite();
    let path = path_of(&target);
    fs::write(format!("{path}-wal"), "the log of a lost database").unwrap();
    fails(&target.url, &["restore", copy], "is there: stop the service");
    fs::remove_file(format!("{path}-wal")).unwrap();
    fs::write(format!("{path}-journal"), "of another program").unwrap();
    fails(&target.url, &["restore", copy], "is there: stop the service");
    fs::remove_file(format!("{path}-journal")).unwrap();
    for left in [".restoring", ".restoring-wal", ".restoring-shm", ".restoring.part"] {
        fs::write(format!("{path}{left}"), "left by a killed restore").unwrap();
    }
    succeeds(&target.url, &["restore", copy]);
    assert_eq!(names_beside(&target), ["test.db", "test.db-lock"]);
    assert_eq!(target.users().await, 1);
}

#[tokio::test]
async fn what_is_no_copy_is_refused_and_leaves_no_database() {
    let files = Files::new();
    let no_database = files.write(
        "no.db",
        "this is no database, but long enough to be read as the beginning of one",
    );
    let missing = files.path("missing.db");
    for copy in [&no_database, &missing] {
        let target = TestDatabase::create_sqlite();
        let output = run(&target.url, &["restore", copy.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!Path::new(path_of(&target)).exists());
        assert!(!missing.exists());
        fails(&target.url, &["restore", "--in-place", "--yes"], "there is no database");
    }
}
