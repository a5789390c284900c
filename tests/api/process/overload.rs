//! F18: more log-ins at once than the machine can hash.

use std::fs;
use std::thread;

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

const EMAIL: &str = "user@example.com";
const SLOTS: u64 = 2;

/// The most memory that the process has had resident so far, in MiB.
pub fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_log_ins_at_once_are_each_answered_within_bounded_memory() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_HASH_SLOTS", "2")]);
    let client = agent();
    assert_eq!(
        binary.post_credentials(&client, "/api/auth/sign-up", EMAIL, PASSWORD),
        Some(200)
    );

    let statuses: Vec<_> = thread::scope(|scope| {
        let log_in = || binary.post_credentials(&agent(), "/api/auth/login", EMAIL, PASSWORD);
        let threads: Vec<_> = (0..500).map(|_| scope.spawn(log_in)).collect();
        // A signed-in client is answered at the same time.
        let answer = client.get(binary.url("/api/auth/session")).call().unwrap();
        assert_eq!(answer.status(), 200);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let served = statuses.iter().filter(|status| **status == Some(200)).count();
    let rejected = statuses.iter().filter(|status| **status == Some(503)).count();
    assert_eq!(served + rejected, 500, "{statuses:?}");
    assert!(served >= 100 && rejected >= 1, "{served} served, {rejected} rejected");
    let peak = peak_memory(binary.pid());
    assert!(peak <= SLOTS * 19 + 64, "{peak} MiB");
    assert_eq!(
        binary.post_credentials(&agent(), "/api/auth/login", EMAIL, PASSWORD),
        Some(200)
    );
}
