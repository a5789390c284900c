//! Databases as earlier releases left them.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgPool, SqliteConnection};
use tempfile::TempDir;

use super::TestDatabase;
use super::database::Kind;

/// The number of migrations there are.
pub fn newest() -> usize {
    files("sqlite").len()
}

/// How many migrations come before the one of this number.
pub fn count_before(number: &str) -> usize {
    files("postgres").iter().filter(|name| name.as_str() < number).count()
}

/// The names of the migrations for a kind of database, the first one first.
fn files(kind: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind);
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Only the first `count` migrations.
async fn first_migrations(kind: &str, count: usize) -> Migrator {
    let (all, some) = (
        Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind),
        TempDir::new().unwrap(),
    );
    for name in files(kind).iter().take(count) {
        fs::copy(all.join(name), some.path().join(name)).unwrap();
    }
    let mut migrator = Migrator::new(some.path()).await.unwrap();
    // Each test has a schema of its own, and sqlx's lock is that of the whole database.
    migrator.set_locking(false);
    migrator
}

impl TestDatabase {
    /// A database of the same kind with the first `count` migrations, and with what this one holds as far as that schema
    /// has room for it.
    pub async fn as_of_schema(&self, count: usize) -> Self {
        match &self.kind {
            Kind::Sqlite(folder) => {
                let old = Self::create_sqlite();
                let options = SqliteConnectOptions::from_str(&old.url).unwrap();
                let mut connection = options.create_if_missing(true).connect().await.unwrap();
                let migrations = first_migrations("sqlite", count).await;
                migrations.run(&mut connection).await.unwrap();
                fill_sqlite(&mut connection, &folder.path().join("test.db")).await;
                sqlx::Connection::close(connection).await.unwrap();
                old
            }
            Kind::Postgres(newer) => {
                let old = Self::create().await;
                let Kind::Postgres(pool) = &old.kind else {
                    panic!("all databases of a run are of one kind");
                };
                first_migrations("postgres", count).await.run(pool).await.unwrap();
                fill_postgres(pool, newer).await;
                old
            }
        }
    }
}

async fn fill_sqlite(old: &mut SqliteConnection, newer: &Path) {
    const SHARED: &str = "SELECT m.name, (SELECT group_concat(o.name, ', ') FROM pragma_table_info(m.name, 'main') o \
        WHERE o.name IN (SELECT name FROM pragma_table_info(m.name, 'newer'))) \
        FROM main.sqlite_schema m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' \
        AND m.name <> '_sqlx_migrations' ORDER BY m.rowid";
    let attach = format!("ATTACH '{}' AS newer", newer.display());
    old.execute(AssertSqlSafe(attach)).await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(SHARED).fetch_all(&mut *old).await.unwrap();
    for (table, columns) in tables {
        let sql = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}");
        old.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

async fn fill_postgres(old: &PgPool, newer: &PgPool) {
    const SHARED: &str = "SELECT c.relname::text, string_agg(quote_ident(a.attname), ', ') \
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations' \
        AND EXISTS (SELECT 1 FROM information_schema.columns n WHERE n.table_schema = $1 \
        AND n.table_name = c.relname AND n.column_name = a.attname) GROUP BY c.oid, c.relname ORDER BY c.oid";
    let schema: String = sqlx::query_scalar("SELECT current_schema()::text")
        .fetch_one(newer)
        .await
        .unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(SHARED).bind(&schema).fetch_all(old).await.unwrap();
    for (table, columns) in tables {
        let sql =
            format!("INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {schema}.{table}");
        old.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    // Go on counting where the other database stopped.
    let counters = "SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), MAX(%I) + 1, false) FROM %I', \
        table_name, column_name, column_name, table_name) FROM information_schema.columns \
        WHERE table_schema = current_schema() AND is_identity = 'YES'";
    let counters: Vec<String> = sqlx::query_scalar(counters).fetch_all(old).await.unwrap();
    for sql in counters {
        old.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}
