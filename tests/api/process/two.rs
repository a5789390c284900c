//! Two processes on one database: on SQLite by accident or during an update, on PostgreSQL by design.

use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::helpers::binary::{Binary, agent};
use crate::helpers::{PASSWORD, TestDatabase};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_serve_one_database_at_the_same_time() {
    let database = TestDatabase::create().await;
    let (first, second) = (Binary::start(&database.url, &[]), Binary::start(&database.url, &[]));
    let sign_up = |binary: &Binary, name: &str| {
        for number in 0..10 {
            let email = format!("{name}{number}@example.com");
            assert_eq!(binary.sign_up(&email), Some(200), "{}", binary.log());
        }
    };
    scope(|scope| {
        scope.spawn(|| sign_up(&first, "one"));
        scope.spawn(|| sign_up(&second, "two"));
    });
    assert_eq!(database.users().await, 20);
    for number in 0..10 {
        assert_eq!(second.log_in(&format!("one{number}@example.com"), PASSWORD), Some(200));
    }

    // A session of one works at the other, and ends there too.
    let body = json!({ "email": "two0@example.com", "password": PASSWORD });
    let answer = agent().post(first.url("/api/auth/login")).send_json(body).unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let status = |binary: &Binary| {
        let request = agent().get(binary.url("/api/auth/check")).header("cookie", cookie);
        request.call().unwrap().status().as_u16()
    };
    assert_eq!((status(&first), status(&second)), (204, 204));
    let log_out = agent().post(first.url("/api/auth/logout")).header("cookie", cookie);
    assert_eq!(log_out.send_empty().unwrap().status(), 200);
    assert_eq!(status(&first), 401);
    let began = Instant::now();
    while status(&second) == 204 {
        assert!(began.elapsed() < LIMIT, "the other process still knows the session");
        sleep(Duration::from_millis(20));
    }
    assert_eq!(status(&second), 401);
}
