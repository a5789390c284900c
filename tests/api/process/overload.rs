//! F18: more log-ins at once than the machine can hash.

use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

const EMAIL: &str = "user@example.com";
const SLOTS: u64 = 2;
const CLIENTS: usize = 500;
/// How long a log-in may wait for a slot (`app/hasher/slots`).
const DEADLINE: Duration = Duration::from_secs(5);

/// The most memory that the process has had resident so far, in MiB.
pub fn peak_memory(pid: u32) -> u64 {
    memory(pid, "VmHWM:")
}

/// One of the kernel's figures about the memory of a process, in MiB.
fn memory(pid: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_log_ins_at_once_are_each_answered_within_bounded_memory() {
    let database = TestDatabase::create().await;
    // With three times the usual work, a log-in costs the machine much less to send than to check.
    let settings = [("NEPTUN_AUTH_HASH_SLOTS", "2"), ("NEPTUN_AUTH_ARGON2_ITERATIONS", "6")];
    let binary = Binary::start(&database.url, &settings);
    let client = agent();
    assert_eq!(
        binary.post_credentials(&client, "/api/auth/sign-up", EMAIL, PASSWORD),
        Some(200)
    );

    let start = Barrier::new(CLIENTS + 1);
    let log_in = || {
        let agent = agent();
        start.wait();
        let began = Instant::now();
        let status = binary.post_credentials(&agent, "/api/auth/login", EMAIL, PASSWORD);
        (status, began.elapsed())
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(log_in)).collect();
        // A signed-in client is answered at the same time.
        start.wait();
        let answer = client.get(binary.url("/api/auth/session")).call().unwrap();
        assert_eq!(answer.status(), 200);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let waits = |wanted: u16| {
        let of_status = answers.iter().filter(move |(status, _)| *status == Some(wanted));
        of_status.map(|(_, wait)| *wait).collect::<Vec<_>>()
    };
    let (served, rejected) = (waits(200), waits(503));
    let slowest = served.iter().max().unwrap();
    assert_eq!(served.len() + rejected.len(), CLIENTS, "{answers:?}");
    assert!(!rejected.is_empty());
    // A machine that is too slow for all that have a place in the queue works until the deadline, and not less.
    assert!(
        served.len() >= 100 || *slowest >= DEADLINE / 2,
        "{} served, the slowest in {slowest:?}",
        served.len()
    );
    let longest = answers.iter().map(|(_, wait)| *wait).max().unwrap();
    assert!(longest < DEADLINE * 5, "{longest:?}");
    // The program's own code is in files, grows with every feature, and says nothing of what log-ins cost.
    let peak = peak_memory(binary.pid()) - memory(binary.pid(), "RssFile:");
    assert!(peak <= SLOTS * 19 + 33, "{peak} MiB");
    assert_eq!(
        binary.post_credentials(&agent(), "/api/auth/login", EMAIL, PASSWORD),
        Some(200)
    );
}
