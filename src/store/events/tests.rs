//! What the databases read for a statement. The tests of PostgreSQL pass without a server.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::place::{SINCE_ON_POSTGRES, SINCE_ON_SQLITE, THOUSANDTH};
use super::*;
use crate::store::Db;
use crate::store::engine::{DatabaseSetup, url_of_tests};

async fn on_sqlite(sql: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.db");
    let setup = DatabaseSetup::new(&format!("sqlite:{}", file.display()));
    let db = Db::connect(&setup).await.unwrap();
    let mut read = db.read().await.unwrap();
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps: Vec<String> = on!(read.conn(), c => {
        let rows = sqlx::query(sql).fetch_all(c).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    });
    steps.join("\n")
}

/// The plan for a log of 20,000 events, one a minute; `None` without a server. `sql` has no parameters.
async fn on_postgres(sql: &str) -> Option<String> {
    let server = url_of_tests()?;
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let schema = format!("plan_{}", Uuid::now_v7().simple());
    let create = AssertSqlSafe(format!("CREATE SCHEMA {schema}; SET search_path = {schema}"));
    connection.execute(create).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    let setup = DatabaseSetup::new(&format!("{server}{separator}options[search_path]={schema}"));
    let db = Db::connect(&setup).await.unwrap();
    let fill = "INSERT INTO events (id, kind, happened_at) SELECT gen_random_uuid(), 'log_in', \
        '2024-01-01T00:00:00Z'::timestamptz + interval '1 minute' * n FROM generate_series(1, 20000) n; \
        ANALYZE events";
    connection.execute(fill).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN {sql}"));
    let steps: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut connection).await.unwrap();
    drop(db);
    let remove = AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
    connection.execute(remove).await.unwrap();
    Some(steps.join("\n"))
}

#[tokio::test]
async fn sqlite_counts_days_in_the_index_alone() {
    let plan = on_sqlite(BY_DAY_ON_SQLITE).await;
    assert!(plan.contains("COVERING INDEX events_by_time (happened_at>?)"), "{plan}");
}

#[tokio::test]
async fn sqlite_finds_the_first_event_of_a_time_in_an_index() {
    for sql in [THOUSANDTH, SINCE_ON_SQLITE] {
        let plan = on_sqlite(sql).await;
        assert!(plan.contains("COVERING INDEX events_by_time (happened_at>?"), "{plan}");
        assert!(!plan.contains("SCAN events") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn postgres_finds_the_first_event_of_a_time_in_an_index() {
    // The thousandth event of a log with one a minute comes 17 hours later.
    let times = [
        ("2000-01-01", "2024-01-01 16:41:00+00"),
        ("2024-01-10", "2024-01-10 16:41:00+00"),
        ("2030-01-01", "9999-12-31"),
    ];
    for (start, end) in times {
        for sql in [THOUSANDTH, SINCE_ON_POSTGRES] {
            let sql = sql.replace("$1", &format!("'{start}'::timestamptz"));
            let sql = sql.replace("$2", &format!("'{end}'::timestamptz"));
            let Some(plan) = on_postgres(&sql).await else { return };
            assert!(plan.contains("events_by_time"), "{plan}");
            assert!(
                !plan.contains("Seq Scan on events") && !plan.contains("events_by_commit"),
                "{plan}"
            );
        }
    }
}
