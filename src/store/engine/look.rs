//! Looks at a database without changing it, also while a service uses it.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use sqlx::sqlite::SqliteConnectOptions;

use super::connect::read_only_pool;
use super::migrations::{self, Schema};
use super::{DatabaseSetup, Db, Read, postgres, with_ending};

/// A database that is looked at.
#[derive(Debug)]
pub struct Look {
    /// What it runs on, as in `SQLite 3.51.3`.
    pub system: String,
    pub schema: Schema,
    /// The path of the SQLite file; `None` for PostgreSQL.
    pub file: Option<PathBuf>,
    /// A connection for statements that only read.
    pub read: Read,
}

impl Db {
    /// Lets `see` look at the database; `None` if it is a SQLite file that is not there yet.
    ///
    /// # Errors
    /// A sentence for the operator when it can't be read, or this release can't work with it.
    pub async fn look<T>(setup: &DatabaseSetup, see: impl AsyncFnOnce(&mut Look) -> T) -> anyhow::Result<Option<T>> {
        let url = setup.url.as_str();
        match url.split_once(':').map_or(url, |(scheme, _)| scheme) {
            "sqlite" => look_at_sqlite(url, see).await,
            "postgres" | "postgresql" => postgres::look(setup, see).await.map(Some),
            _ => bail!("DATABASE_URL must start with `sqlite:` or `postgres://`"),
        }
    }
}

async fn look_at_sqlite<T>(url: &str, see: impl AsyncFnOnce(&mut Look) -> T) -> anyhow::Result<Option<T>> {
    let options = SqliteConnectOptions::from_str(url).context("DATABASE_URL is not a SQLite URL")?;
    let file = options.get_filename().to_owned();
    if !fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
        return Ok(None);
    }
    // Without a write-ahead log nothing has the file open, and SQLite would make a log only to read.
    let is_idle = !with_ending(&file, "-wal").exists();
    let pool = read_only_pool(options.create_if_missing(false).immutable(is_idle), 1);
    let subject = || format!("the database file {}", file.display());
    let mut connection = pool.check_out().await.with_context(subject)?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *connection)
        .await?;
    let schema = migrations::schema_of_sqlite(&mut connection)
        .await
        .with_context(subject)?;
    let mut look = Look {
        system: format!("SQLite {version}"),
        schema,
        file: Some(file.clone()),
        read: Read::Sqlite(connection),
    };
    let seen = see(&mut look).await;
    drop(look);
    pool.close().await;
    Ok(Some(seen))
}
