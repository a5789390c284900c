//! SQLite on a full disk, and SQLite's file locked by another process.

use std::process::Command;
use std::time::{Duration, Instant};

use sqlx::{Connection, Executor, SqliteConnection};

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

/// Makes every write beyond this size fail, as on a full disk.
fn limit_files(binary: &Binary, bytes: &str) {
    let pid = binary.pid().to_string();
    let status = Command::new("prlimit")
        .args(["--pid", &pid, &format!("--fsize={bytes}:")])
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_until_there_is_space_again() {
    let database = TestDatabase::create_sqlite();
    let binary = Binary::start_on_limited_disk(&database.url);
    assert_eq!(binary.sign_up("before@example.com"), Some(200));
    let agent = agent();
    binary.post_credentials(&agent, "/api/auth/login", "before@example.com", PASSWORD);

    limit_files(&binary, "60000");
    let mut rejected = Vec::new();
    for number in 0..60 {
        let email = format!("user{number}@example.com");
        match binary.sign_up(&email) {
            Some(503) => rejected.push(email),
            status => assert_eq!(status, Some(200), "{}", binary.log()),
        }
    }
    assert!(!rejected.is_empty(), "the limit was never reached");
    let check = agent.get(binary.url("/api/auth/check")).call().unwrap();
    assert_eq!(check.status(), 204, "sessions are still recognised");

    limit_files(&binary, "unlimited");
    for email in &rejected {
        assert_eq!(
            binary.sign_up(email),
            Some(200),
            "nothing of it was kept: {}",
            binary.log()
        );
    }
    for number in 0..60 {
        assert_eq!(binary.log_in(&format!("user{number}@example.com"), PASSWORD), Some(200));
    }
    let logout = agent
        .post(binary.url("/api/auth/logout"))
        .send_empty()
        .unwrap()
        .body_mut()
        .read_to_string();
    assert_eq!(logout.unwrap(), "true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_waits_three_seconds_for_another_process_that_holds_the_write_lock_but_not_eight() {
    let database = TestDatabase::create_sqlite();
    let binary = Binary::start(&database.url, &[]);
    let mut other = SqliteConnection::connect(&database.url).await.unwrap();

    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let statuses = std::thread::scope(|scope| {
        let binary = &binary;
        let clients: Vec<_> = (0..10)
            .map(|number| scope.spawn(move || binary.sign_up(&format!("user{number}@example.com"))))
            .collect();
        std::thread::sleep(Duration::from_secs(3));
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async { other.execute("COMMIT").await.unwrap() });
        });
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(statuses, [Some(200); 10], "three seconds are waited for");

    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let started = Instant::now();
    assert_eq!(binary.sign_up("late@example.com"), Some(503));
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "it took {:?}",
        started.elapsed()
    );
    other.execute("COMMIT").await.unwrap();
    assert_eq!(binary.sign_up("late@example.com"), Some(200));
}
