//! A database for one test, of the kind that `TEST_DATABASE_URL` names.

use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, SqliteConnection};
use std::any::Any;
use tempfile::TempDir;
use uuid::Uuid;

pub struct TestDatabase {
    /// What the service connects to.
    pub url: String,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Sqlite(TempDir),
    /// A connection of the test's own, with the test's schema first in its search path.
    Postgres(PgPool),
}

impl TestDatabase {
    pub async fn create() -> Self {
        match postgres_url() {
            None => Self::create_sqlite(),
            Some(server) => {
                let schema = format!("test_{}", Uuid::now_v7().simple());
                let mut connection = PgConnection::connect(&server).await.unwrap();
                connection
                    .execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
                    .await
                    .unwrap();
                connection.close().await.unwrap();
                let separator = if server.contains('?') { '&' } else { '?' };
                // The test server waits for no disk unless it is told to.
                let options = format!("options[search_path]={schema}&options[synchronous_commit]=on");
                let url = format!("{server}{separator}{options}&application_name={schema}");
                let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
                Self {
                    url,
                    kind: Kind::Postgres(pool),
                }
            }
        }
    }

    /// A SQLite database, for what only SQLite can meet with.
    pub fn create_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self {
            url,
            kind: Kind::Sqlite(folder),
        }
    }

    /// The number that `sql` selects.
    pub async fn count(&self, sql: &'static str) -> i64 {
        match &self.kind {
            Kind::Sqlite(_) => sqlx::query_scalar(sql)
                .fetch_one(&mut self.sqlite().await)
                .await
                .unwrap(),
            Kind::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }

    /// The names of a table's columns.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        match &self.kind {
            Kind::Sqlite(_) => sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
                .bind(table)
                .fetch_all(&mut self.sqlite().await)
                .await
                .unwrap(),
            Kind::Postgres(pool) => sqlx::query_scalar(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_name = $1 AND table_schema = current_schema()",
            )
            .bind(table)
            .fetch_all(pool)
            .await
            .unwrap(),
        }
    }

    /// The names of the columns that any of a table's indexes holds.
    pub async fn indexed_columns(&self, table: &str) -> Vec<String> {
        match &self.kind {
            Kind::Sqlite(_) => sqlx::query_scalar(
                "SELECT c.name FROM pragma_index_list($1) i, pragma_index_info(i.name) c WHERE c.name IS NOT NULL",
            )
            .bind(table)
            .fetch_all(&mut self.sqlite().await)
            .await
            .unwrap(),
            Kind::Postgres(pool) => sqlx::query_scalar(
                "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid \
                 AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::text::regclass",
            )
            .bind(table)
            .fetch_all(pool)
            .await
            .unwrap(),
        }
    }

    pub async fn users(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM users").await
    }

    pub async fn sessions(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM sessions").await
    }

    /// Runs the statement for this kind of database.
    pub async fn execute(&self, sqlite: &'static str, postgres: &'static str) {
        match &self.kind {
            Kind::Sqlite(_) => drop(self.sqlite().await.execute(sqlite).await.unwrap()),
            Kind::Postgres(pool) => drop(pool.execute(postgres).await.unwrap()),
        }
    }

    /// Makes the database reject one kind of change of `sessions`, such as `INSERT`, until [`Self::accept_again`].
    pub async fn refuse(&self, change: &str) {
        let trigger = format!("CREATE TRIGGER refused BEFORE {change} ON sessions");
        match &self.kind {
            Kind::Sqlite(_) => {
                let sql = format!("{trigger} BEGIN SELECT RAISE(ABORT, 'injected'); END");
                self.sqlite().await.execute(AssertSqlSafe(sql)).await.unwrap();
            }
            Kind::Postgres(pool) => {
                let function =
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'injected'; END $$";
                let sql = format!("{function}; {trigger} FOR EACH ROW EXECUTE FUNCTION refuse()");
                pool.execute(AssertSqlSafe(sql)).await.unwrap();
            }
        }
    }

    pub async fn accept_again(&self) {
        self.execute("DROP TRIGGER refused", "DROP TRIGGER refused ON sessions")
            .await;
    }

    /// Keeps every other connection from writing sessions until the result is dropped; they may still read.
    pub async fn hold_writes(&self) -> Box<dyn Any + Send> {
        match &self.kind {
            Kind::Sqlite(_) => {
                let mut writer = self.sqlite().await;
                writer.execute("BEGIN IMMEDIATE").await.unwrap();
                Box::new(writer)
            }
            Kind::Postgres(pool) => {
                let mut writer = pool.begin().await.unwrap();
                writer.execute("LOCK TABLE sessions IN SHARE MODE").await.unwrap();
                Box::new(writer)
            }
        }
    }

    /// What PostgreSQL tells all instances from now on; SQLite has no such channel.
    pub async fn listener(&self) -> Option<PgListener> {
        let Kind::Postgres(pool) = &self.kind else {
            return None;
        };
        let sql = "SELECT 'neptun_auth_' || md5(current_schema())";
        let channel: String = sqlx::query_scalar(sql).fetch_one(pool).await.unwrap();
        let mut listener = PgListener::connect(&self.url).await.unwrap();
        listener.listen(&channel).await.unwrap();
        Some(listener)
    }

    /// Gives every account this password hash.
    pub async fn set_password_hash(&self, hash: &str) {
        let sql = "UPDATE users SET password_hash = $1";
        match &self.kind {
            Kind::Sqlite(_) => drop(
                sqlx::query(sql)
                    .bind(hash)
                    .execute(&mut self.sqlite().await)
                    .await
                    .unwrap(),
            ),
            Kind::Postgres(pool) => drop(sqlx::query(sql).bind(hash).execute(pool).await.unwrap()),
        }
    }

    /// Everything that is stored, as bytes: SQLite's files, or every row of PostgreSQL's tables as text.
    pub async fn dump(&self) -> Vec<u8> {
        match &self.kind {
            Kind::Sqlite(folder) => {
                let files = std::fs::read_dir(folder.path()).unwrap();
                files
                    .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                    .collect()
            }
            Kind::Postgres(pool) => {
                let tables = "SELECT format('SELECT t::text FROM %I t', tablename) FROM pg_tables \
                    WHERE schemaname = current_schema()";
                let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
                let sql = tables.join(" UNION ALL ");
                let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                    .fetch_all(pool)
                    .await
                    .unwrap();
                rows.concat().into_bytes()
            }
        }
    }

    /// Waits until no event can come before those that are stored. On PostgreSQL the transactions of other tests, which
    /// share the server, are waited for.
    pub async fn settle(&self) {
        let open = "SELECT COUNT(*) FROM events WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot())";
        while self.is_postgres() && self.count(open).await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Postgres(_))
    }

    /// Every stored value of every column that could be a key.
    pub async fn stored_values(&self) -> Vec<Vec<u8>> {
        let texts = [
            "SELECT id FROM users",
            "SELECT id FROM sessions",
            "SELECT secret_hash FROM sessions WHERE secret_hash IS NOT NULL",
            "SELECT public_key FROM signing_keys",
            "SELECT sealed_private_key FROM signing_keys",
        ];
        let mut values = Vec::new();
        for sql in texts {
            match &self.kind {
                Kind::Sqlite(_) => {
                    let rows: Vec<Vec<u8>> = sqlx::query_scalar(sql)
                        .fetch_all(&mut self.sqlite().await)
                        .await
                        .unwrap();
                    values.extend(rows);
                }
                Kind::Postgres(pool) if sql.contains("SELECT id") => {
                    let rows: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
                    values.extend(rows.iter().map(|id| id.as_bytes().to_vec()));
                }
                Kind::Postgres(pool) => {
                    let rows: Vec<Vec<u8>> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
                    values.extend(rows);
                }
            }
        }
        // Parts of a value might be the key, too.
        let parts = values
            .iter()
            .flat_map(|value| value.chunks(16).chain(value.chunks(32)).map(<[u8]>::to_vec));
        let parts: Vec<_> = parts.collect();
        values.extend(parts);
        values
    }

    /// Takes the database away from under the service.
    pub async fn remove(&self) {
        match &self.kind {
            Kind::Sqlite(folder) => {
                for file in std::fs::read_dir(folder.path()).unwrap() {
                    std::fs::remove_file(file.unwrap().path()).unwrap();
                }
            }
            Kind::Postgres(pool) => {
                pool.execute("DROP TABLE sessions, users CASCADE").await.unwrap();
            }
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.unwrap()
    }
}

/// The tests' only setting.
pub(super) fn postgres_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}
