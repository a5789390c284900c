//! `kill -9` at random moments: every sign-up that was answered is kept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

const ROUNDS: u64 = 20;
const CLIENTS: usize = 8;
/// Sign-ups of a round, at least.
const ACKNOWLEDGED: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_sign_up_survives_a_kill() {
    let database = TestDatabase::create().await;
    let next = AtomicUsize::new(0);
    let mut survived = 0;
    for round in 0..ROUNDS {
        let mut binary = Binary::start(&database.url, &[]);
        assert!(
            binary.start_up < Duration::from_secs(1),
            "round {round} started in {:?}",
            binary.start_up
        );
        let (acknowledged, others) = storm(&mut binary, &next, Duration::from_millis(round));
        let binary = Binary::start(&database.url, &[]);
        let log_ins: Vec<_> = acknowledged
            .iter()
            .map(|email| (email, binary.log_in(email, PASSWORD)))
            .collect();
        for (email, status) in log_ins {
            assert_eq!(status, Some(200), "{email} of round {round} was acknowledged");
        }
        assert!(others.is_empty(), "unexpected answers in round {round}: {others:?}");
        survived += acknowledged.len();
    }
    assert!(survived > 100, "{survived}");
    // No account was stored without its session.
    let half = "SELECT COUNT(*) FROM users u WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)";
    assert_eq!(database.count(half).await, 0);
}

/// Signs up from many clients at once, until the process is killed this long after some were acknowledged.
fn storm(binary: &mut Binary, next: &AtomicUsize, after: Duration) -> (Vec<String>, Vec<u16>) {
    let (acknowledged, others) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let url = binary.url("/api/auth/sign-up");
    scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let agent = agent();
                loop {
                    let email = format!("user{}@example.com", next.fetch_add(1, Ordering::Relaxed));
                    let body = serde_json::json!({ "email": email, "password": PASSWORD });
                    match agent.post(&url).send_json(body).map(|answer| answer.status().as_u16()) {
                        Ok(200) => acknowledged.lock().unwrap().push(email),
                        Ok(status) => others.lock().unwrap().push(status),
                        Err(_) => return,
                    }
                }
            });
        }
        let began = Instant::now();
        while acknowledged.lock().unwrap().len() < ACKNOWLEDGED {
            assert!(began.elapsed() < Duration::from_secs(30), "no sign-up is acknowledged");
            sleep(Duration::from_millis(1));
        }
        sleep(after);
        binary.kill();
    });
    (acknowledged.into_inner().unwrap(), others.into_inner().unwrap())
}
