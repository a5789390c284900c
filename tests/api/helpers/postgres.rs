//! What only tests of PostgreSQL do to a database.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;
use uuid::Uuid;

use super::TestDatabase;
use super::database::{Kind, postgres_url};

/// A connection to the server, beside a database that can be read-only.
pub struct Owner {
    server: tokio::sync::Mutex<PgConnection>,
    database: String,
}

impl TestDatabase {
    /// A database of its own, where other tests only have a schema.
    pub async fn create_whole(encoding: &str) -> Self {
        let server = postgres_url().expect("the test is listed as one that needs TEST_DATABASE_URL");
        let name = format!("test_{}", Uuid::now_v7().simple());
        let sql =
            format!("CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        let mut url = Url::parse(&server).unwrap();
        url.set_path(&name);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect(url.as_str())
            .await
            .unwrap();
        Self {
            url: url.into(),
            kind: Kind::Postgres(pool),
        }
    }

    /// The server's side of a database from [`Self::create_whole`].
    pub async fn owner(&self) -> Owner {
        let connection = PgConnection::connect(&postgres_url().unwrap()).await.unwrap();
        Owner {
            server: tokio::sync::Mutex::new(connection),
            database: Url::parse(&self.url).unwrap().path().trim_start_matches('/').to_owned(),
        }
    }

    /// The URL of this migrated database for a new role that may read and write rows, and create nothing.
    pub async fn url_of_a_role_that_only_writes(&self) -> String {
        let role = format!("role_{}", Uuid::now_v7().simple());
        let schema: String = match &self.kind {
            Kind::Postgres(pool) => sqlx::query_scalar("SELECT current_schema()")
                .fetch_one(pool)
                .await
                .unwrap(),
            Kind::Sqlite(_) => panic!("SQLite has no roles"),
        };
        let sql = format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
        );
        let mut connection = PgConnection::connect(&postgres_url().unwrap()).await.unwrap();
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        let mut url = Url::parse(&self.url).unwrap();
        url.set_username(&role).unwrap();
        url.into()
    }
}

impl Owner {
    /// Makes the database read-only for new connections, as a standby is.
    pub async fn set_read_only(&self, is_read_only: bool) {
        let value = if is_read_only { "on" } else { "off" };
        let sql = format!(
            "ALTER DATABASE {} SET default_transaction_read_only = {value}",
            self.database
        );
        self.server.lock().await.execute(AssertSqlSafe(sql)).await.unwrap();
    }

    /// Ends every connection to the database.
    pub async fn cut_all(&self) {
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&self.database)
            .execute(&mut *self.server.lock().await)
            .await
            .unwrap();
    }
}
