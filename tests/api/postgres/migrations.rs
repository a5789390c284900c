//! Migrations of large tables: the release before goes on writing meanwhile.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::time::{Duration, sleep};

use crate::helpers::binary::command;
use crate::helpers::old_schemas::count_before;
use crate::helpers::{ALICE, PASSWORD, TestApp};

/// The first migration that makes an index concurrently.
const FIRST_INDEX: &str = "0047";

const INDEXES: &str = "SELECT COUNT(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
    WHERE i.indisvalid AND c.relnamespace = current_schema()::regnamespace \
    AND c.relname IN ('events_by_time', 'webhook_deliveries_by_webhook')";

async fn writer(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let insert =
        "INSERT INTO events (id, kind, actor, happened_at) VALUES (gen_random_uuid(), 'log_in', 'self', now())";
    connection.execute("BEGIN").await.unwrap();
    connection.execute(insert).await.unwrap();
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn while_an_index_is_made_others_write_and_other_instances_wait() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let database = app.database.as_of_schema(count_before(FIRST_INDEX)).await;
    assert_eq!(database.count(INDEXES).await, 0);
    // A transaction that has written keeps the index from being finished.
    let mut first = writer(&database.url).await;
    let mut instances: Vec<_> = (0..3)
        .map(|_| command(&database.url).arg("migrate").spawn().unwrap())
        .collect();
    let begun = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE application_name = current_schema() AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND state = 'active' \
        AND pid <> pg_backend_pid()";
    while database.count(begun).await == 0 {
        assert!(
            instances.iter_mut().any(|one| one.try_wait().unwrap().is_none()),
            "no index was made"
        );
        sleep(Duration::from_millis(10)).await;
    }
    // It would wait behind an index that locks the table.
    let mut second = writer(&database.url).await;
    second.execute("COMMIT").await.unwrap();
    assert!(instances.iter_mut().all(|one| one.try_wait().unwrap().is_none()));
    first.execute("COMMIT").await.unwrap();
    for instance in instances {
        let output = instance.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(database.count(INDEXES).await, 2);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_index_that_a_killed_instance_left_is_made_again() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let database = app.database.as_of_schema(count_before(FIRST_INDEX)).await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    // As a killed one leaves it: the rows have two of the same key, so that the index can't be finished.
    connection
        .execute(
            "INSERT INTO events (id, kind, actor, happened_at) \
             SELECT gen_random_uuid(), 'log_in', 'self', now() FROM generate_series(1, 2)",
        )
        .await
        .unwrap();
    let unfinished = "CREATE UNIQUE INDEX CONCURRENTLY events_by_time ON events (kind)";
    connection.execute(AssertSqlSafe(unfinished)).await.unwrap_err();
    let left = "SELECT COUNT(*) FROM pg_class WHERE relname = 'events_by_time' \
        AND relnamespace = current_schema()::regnamespace";
    assert_eq!(database.count(left).await, 1);
    let app = TestApp::on(database, |setup| setup.clock = app.clock.clone()).await;
    assert_eq!(app.count(INDEXES).await, 2);
    app.log_in(ALICE, PASSWORD).await.ok();
}
