//! Which connection a caller gets, and in what state. Most tests need a PostgreSQL server and pass without one.

use std::future::Future;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, Postgres, Sqlite};
use tokio::time::{sleep, timeout};

use super::opener::{Options, TRUSTED_WITHOUT_PING};
use super::*;

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the service")]
pub(in crate::store) fn url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// A pool of at most `max_size` connections to the server of the tests, if they have one.
fn pool(max_size: usize) -> Option<ConnectionPool<Postgres>> {
    let options = PgConnectOptions::from_str(&url()?).unwrap();
    Some(ConnectionPool::new(settings(options, max_size)))
}

pub(super) fn settings<DB: PooledDatabase>(options: Options<DB>, max_size: usize) -> Settings<DB> {
    Settings {
        hosts: vec![options],
        max_size,
        acquire_timeout: Duration::from_secs(5),
        calls: Calls {
            timeout: None,
            keeps_statements: true,
        },
        replacement: None,
    }
}

pub(super) async fn process(connection: &mut CheckedOut<Postgres>) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut **connection)
        .await
        .unwrap()
}

/// What the server says `process` is doing.
async fn state(observer: &mut CheckedOut<Postgres>, process: i32) -> Option<String> {
    let sql = "SELECT state FROM pg_stat_activity WHERE pid = $1";
    sqlx::query_scalar(sql)
        .bind(process)
        .fetch_optional(&mut **observer)
        .await
        .unwrap()
}

async fn soon<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), waiting).await.expect("it never was");
}

#[tokio::test]
async fn the_connection_used_last_is_used_next() {
    let Some(pool) = pool(3) else { return };
    let mut connections = [
        pool.check_out().await.unwrap(),
        pool.check_out().await.unwrap(),
        pool.check_out().await.unwrap(),
    ];
    let last = process(&mut connections[1]).await;
    let [first, second, third] = connections;
    drop((third, first));
    drop(second);
    for _ in 0..10 {
        assert_eq!(process(&mut pool.check_out().await.unwrap()).await, last);
    }
}

#[tokio::test]
async fn a_waiting_caller_gets_the_connection_that_comes_back() {
    let Some(pool) = pool(1) else { return };
    let held = pool.check_out().await.unwrap();
    let next = tokio::spawn({
        let pool = pool.clone();
        async move { pool.check_out().await.map(drop) }
    });
    soon(|| async { pool.0.status().waiting == 1 }).await;
    drop(held);
    timeout(Duration::from_secs(20), next).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_caller_that_gives_up_waiting_takes_no_connection() {
    let Some(pool) = pool(1) else { return };
    let held = pool.check_out().await.unwrap();
    assert!(timeout(Duration::from_millis(50), pool.check_out()).await.is_err());
    drop(held);
    let next = timeout(Duration::from_secs(20), pool.check_out()).await;
    next.unwrap().unwrap();
}

#[tokio::test]
async fn a_transaction_that_was_not_committed_is_rolled_back() {
    let Some(pool) = pool(2) else { return };
    let mut observer = pool.check_out().await.unwrap();
    let mut abandoned = pool.begin("BEGIN").await.unwrap();
    let abandoned_process = process(&mut abandoned).await;
    abandoned.execute("CREATE TEMPORARY TABLE half_done ()").await.unwrap();
    let idle_in_transaction = state(&mut observer, abandoned_process).await;
    assert_eq!(idle_in_transaction.as_deref(), Some("idle in transaction"));
    drop(abandoned);
    let mut again = pool.check_out().await.unwrap();
    assert_eq!(process(&mut again).await, abandoned_process, "there are but two");
    assert!(again.execute("SELECT FROM half_done").await.is_err());
    // An error is told before the server calls itself idle; in a transaction it never would.
    let idle = async {
        while state(&mut observer, abandoned_process).await.as_deref() != Some("idle") {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), idle).await.expect("it never was");
}

#[tokio::test]
async fn a_committed_transaction_stays_and_its_connection_is_used_next() {
    let Some(pool) = pool(2) else { return };
    let mut connection = pool.begin("BEGIN").await.unwrap();
    let used = process(&mut connection).await;
    connection.execute("CREATE TEMPORARY TABLE done ()").await.unwrap();
    connection.commit().await.unwrap();
    let mut again = pool.check_out().await.unwrap();
    assert_eq!(process(&mut again).await, used);
    again.execute("SELECT FROM done").await.unwrap();
}

#[tokio::test]
async fn an_abandoned_statement_keeps_no_other_caller_waiting() {
    let Some(pool) = pool(2) else { return };
    let mut connection = pool.check_out().await.unwrap().for_one_statement();
    let slow = connection.execute("SELECT pg_sleep(15)");
    assert!(timeout(Duration::from_millis(100), slow).await.is_err());
    drop(connection);
    let next = async { process(&mut pool.check_out().await.unwrap()).await };
    timeout(Duration::from_secs(10), next)
        .await
        .expect("the busy connection was handed out");
}

#[tokio::test]
async fn dead_connections_are_handed_out_for_a_moment_only() {
    let Some(pool) = pool(3) else { return };
    let mut both = [pool.check_out().await.unwrap(), pool.check_out().await.unwrap()];
    for dying in &mut both {
        assert!(
            dying
                .execute("SELECT pg_terminate_backend(pg_backend_pid())")
                .await
                .is_err()
        );
    }
    drop(both);
    let died_at = Instant::now();
    loop {
        let asked = died_at.elapsed();
        let mut connection = pool.check_out().await.unwrap();
        if connection.execute("SELECT 1").await.is_ok() {
            break;
        }
        assert!(
            asked < 2 * TRUSTED_WITHOUT_PING,
            "a dead connection was handed out after {asked:?}"
        );
        sleep(TRUSTED_WITHOUT_PING / 10).await;
    }
}

#[tokio::test]
async fn a_connection_that_rested_and_works_is_used_again() {
    let Some(pool) = pool(2) else { return };
    let used = process(&mut pool.check_out().await.unwrap()).await;
    sleep(2 * TRUSTED_WITHOUT_PING).await;
    assert_eq!(process(&mut pool.check_out().await.unwrap()).await, used);
    assert_eq!(pool.opened(), 1, "another was opened");
}

#[tokio::test]
async fn a_connection_that_is_too_old_is_replaced_and_one_that_rested_too_long_is_closed() {
    let Some(url) = url() else { return };
    let mut settings = settings::<Postgres>(PgConnectOptions::from_str(&url).unwrap(), 2);
    settings.replacement = Some(Replacement {
        max_age: Duration::from_secs(2),
        max_idle: Duration::ZERO,
    });
    let pool = ConnectionPool::new(settings);
    let first = process(&mut pool.check_out().await.unwrap()).await;
    assert_eq!(process(&mut pool.check_out().await.unwrap()).await, first);
    sleep(Duration::from_secs(2)).await;
    assert_ne!(process(&mut pool.check_out().await.unwrap()).await, first);
    pool.close_idle(Duration::ZERO).await;
    assert_eq!(pool.0.status().size, 0);
}

#[tokio::test]
async fn closing_waits_for_connections_in_use_and_closes_all() {
    let Some(pool) = pool(3) else { return };
    let in_use = pool.check_out().await.unwrap();
    drop(pool.check_out().await.unwrap());
    let closed = tokio::spawn({
        let pool = pool.clone();
        async move { pool.close().await }
    });
    pool.closing().cancelled().await;
    sleep(Duration::from_millis(50)).await;
    assert!(!closed.is_finished(), "it did not wait");
    drop(in_use);
    timeout(Duration::from_secs(30), closed).await.unwrap().unwrap();
    assert_eq!(pool.0.status().size, 0);
    assert!(pool.check_out().await.is_err());
}

#[tokio::test]
async fn a_transaction_that_could_not_begin_does_not_cost_the_connection() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("locked.db"))
        .create_if_missing(true)
        .busy_timeout(Duration::ZERO);
    let of_one = || ConnectionPool::<Sqlite>::new(settings(options.clone(), 1));
    let (pool, other) = (of_one(), of_one());
    let mine = "CREATE TEMPORARY TABLE mine (thing)";
    pool.check_out().await.unwrap().execute(mine).await.unwrap();
    let lock = other.begin("BEGIN IMMEDIATE").await.unwrap();
    assert!(pool.begin("BEGIN IMMEDIATE").await.is_err());
    lock.commit().await.unwrap();
    let mut again = pool.begin("BEGIN IMMEDIATE").await.unwrap();
    again.execute("SELECT * FROM mine").await.unwrap();
}

#[tokio::test]
async fn a_commit_that_sqlite_does_not_confirm_is_an_error() {
    let mut connection = SqliteConnectOptions::new().connect().await.unwrap();
    // Nothing to do, so nothing to confirm: what a thread that died leaves behind looks the same.
    assert!(Sqlite::run(&mut connection, "").await.is_err());
    Sqlite::run(&mut connection, "BEGIN IMMEDIATE").await.unwrap();
    Sqlite::run(&mut connection, "COMMIT").await.unwrap();
}
