//! How calls end that the server does not answer, or answers in a way that ends the use of their connection.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, Postgres};
use tokio::time::{Instant, sleep};

use crate::store::engine::pool::ConnectionPool;
use crate::store::engine::pool::opener::TRUSTED_WITHOUT_PING;
use crate::store::engine::pool::tests::{process, settings, url};

/// A pool whose calls end after a second.
fn hasty_pool(max_size: usize) -> Option<ConnectionPool<Postgres>> {
    let mut settings = settings(PgConnectOptions::from_str(&url()?).unwrap(), max_size);
    settings.calls.timeout = Some(Duration::from_secs(1));
    Some(ConnectionPool::new(settings))
}

#[tokio::test]
async fn a_call_without_an_answer_ends_and_its_connection_is_not_used_again() {
    let Some(pool) = hasty_pool(1) else { return };
    // The server would end a statement before; this one waits on the client's side of that.
    let mut connection = pool.check_out().await.unwrap();
    let silent = process(&mut connection).await;
    connection.execute("SET statement_timeout = 0").await.unwrap();
    let began = Instant::now();
    assert!((&mut connection).execute("SELECT pg_sleep(20)").await.is_err());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        began.elapsed()
    );
    drop(connection);
    assert_ne!(process(&mut pool.check_out().await.unwrap()).await, silent);
    assert_eq!(pool.lost(), 1);
}

#[tokio::test]
async fn the_server_ends_statements_before_their_callers_give_up() {
    let Some(pool) = hasty_pool(1) else { return };
    let mut connection = pool.check_out().await.unwrap();
    let used = process(&mut connection).await;
    let error = (&mut connection).execute("SELECT pg_sleep(20)").await.unwrap_err();
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    assert_eq!(code.as_deref(), Some("57014"), "{error}");
    drop(connection);
    assert_eq!(process(&mut pool.check_out().await.unwrap()).await, used);
}

#[tokio::test]
async fn a_connection_whose_server_became_read_only_is_closed() {
    let Some(pool) = hasty_pool(1) else { return };
    let read_only = "SET default_transaction_read_only = on";
    let mut connection = pool.check_out().await.unwrap();
    let first = process(&mut connection).await;
    connection.execute(read_only).await.unwrap();
    let error = (&mut connection)
        .execute("CREATE TABLE never_made ()")
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("25006"));
    drop(connection);
    let mut connection = pool.check_out().await.unwrap();
    let second = process(&mut connection).await;
    assert_ne!(second, first, "it answered 25006");
    connection.execute(read_only).await.unwrap();
    drop(connection);
    sleep(2 * TRUSTED_WITHOUT_PING).await;
    let third = process(&mut pool.check_out().await.unwrap()).await;
    assert_ne!(third, second, "it was idle and has become read-only");
}

#[tokio::test]
async fn behind_a_pooler_no_statement_has_a_name_and_each_runs_in_a_transaction() {
    let Some(url) = url() else { return };
    let mut settings = settings::<Postgres>(PgConnectOptions::from_str(&url).unwrap(), 1);
    settings.calls.keeps_statements = false;
    let pool = ConnectionPool::new(settings);
    for number in 0..3_i32 {
        let mut connection = pool.check_out_for_statements().await.unwrap().for_one_statement();
        let answer: i32 = sqlx::query_scalar("SELECT $1 + 1")
            .bind(number)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(answer, number + 1);
        connection.commit().await.unwrap();
    }
    let mut connection = pool.check_out().await.unwrap();
    let named: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM pg_prepared_statements")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(named, 0);
}
