//! Brings a database to this binary's schema, and decides whether one that a newer release has migrated will do.
//!
//! A migration file says by the end of its name whether releases that don't know it may go on:
//! `0030_users_additive.sql` only adds what they leave alone. sqlx stores that name as the description, where those
//! releases read it.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Executor, PgConnection, SqliteConnection};
use tokio::time::sleep;

use super::migration_copies;

/// How the description of a migration ends that older releases can live with.
const ADDITIVE: &str = " additive";

pub static SQLITE: LazyLock<Migrator> = LazyLock::new(|| leaving_unknown(sqlx_macros::migrate!("migrations/sqlite")));
pub static POSTGRES: LazyLock<Migrator> =
    LazyLock::new(|| without_lock(leaving_unknown(sqlx_macros::migrate!("migrations/postgres"))));

/// sqlx refuses every migration that it does not know; [`is_complete`] looks more closely.
fn leaving_unknown(mut migrator: Migrator) -> Migrator {
    migrator.set_ignore_missing(true);
    migrator
}

/// sqlx waits for its lock inside a statement, and an index that is made concurrently waits for all statements. So an
/// instance that waits and one that makes an index would wait for each other; [`take_lock`] asks again and again.
fn without_lock(mut migrator: Migrator) -> Migrator {
    migrator.set_locking(false);
    migrator
}

/// A row of sqlx's table of migrations.
#[derive(sqlx_macros::FromRow)]
struct Applied {
    version: i64,
    description: String,
    success: bool,
    checksum: Vec<u8>,
}

/// Applies what is missing to the database in `file`, after a copy of it was made; `copies` of these are kept.
///
/// # Errors
/// A sentence for the operator when the schema can't become, or is no longer, what this release needs.
pub async fn migrate_sqlite(connection: &mut SqliteConnection, file: &Path, copies: usize) -> anyhow::Result<()> {
    let applied = applied_to_sqlite(connection).await?;
    if !is_complete(&SQLITE, &applied)? {
        if let Some(last) = applied.last() {
            migration_copies::make(file, last.version, copies).await?;
        }
        SQLITE.run(connection).await?;
    }
    Ok(())
}

async fn applied_to_sqlite(connection: &mut SqliteConnection) -> anyhow::Result<Vec<Applied>> {
    const EXISTS: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let exists: i64 = sqlx::query_scalar(EXISTS).fetch_one(&mut *connection).await?;
    Ok(if exists == 0 {
        Vec::new()
    } else {
        sqlx::query_as(APPLIED).fetch_all(&mut *connection).await?
    })
}

/// How far the schema of a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Whether it has no migration yet.
    pub is_new: bool,
    /// The number of this release's migrations that it lacks.
    pub missing: usize,
}

impl Schema {
    fn of(migrator: &Migrator, applied: &[Applied]) -> anyhow::Result<Self> {
        Ok(Self {
            is_new: applied.is_empty(),
            missing: missing(migrator, applied)?,
        })
    }
}

/// How far a database is. Changes nothing.
///
/// # Errors
/// When this release can't work with its schema.
pub async fn schema_of_sqlite(connection: &mut SqliteConnection) -> anyhow::Result<Schema> {
    Schema::of(&SQLITE, &applied_to_sqlite(connection).await?)
}

/// How far a database is. Changes nothing.
///
/// # Errors
/// As [`schema_of_sqlite`].
pub async fn schema_of_postgres(connection: &mut PgConnection) -> anyhow::Result<Schema> {
    Schema::of(&POSTGRES, &applied_to_postgres(connection).await?)
}

/// Applies what is missing. A role that may create nothing can start on a database that has everything. Of several
/// instances that start together one migrates and the others wait.
///
/// # Errors
/// As [`migrate_sqlite`].
pub async fn migrate_postgres(connection: &mut PgConnection) -> anyhow::Result<()> {
    if !is_complete(&POSTGRES, &applied_to_postgres(connection).await?)? {
        tracing::info!("migrating the PostgreSQL database; other instances that start now wait for the end of it");
        take_lock(connection).await?;
        // Another instance may have done it by now.
        let done = migrate_alone(connection).await;
        // The lock ends with the connection at the latest.
        sqlx::query(UNLOCK).execute(connection).await?;
        done?;
    }
    Ok(())
}

/// The lock that one instance holds while it migrates the tables in its schema.
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended('neptun-auth migrates ' || current_schema(), 0))";
const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtextextended('neptun-auth migrates ' || current_schema(), 0))";
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

async fn take_lock(connection: &mut PgConnection) -> anyhow::Result<()> {
    while !sqlx::query_scalar(TRY_LOCK).fetch_one(&mut *connection).await? {
        sleep(LOCK_INTERVAL).await;
    }
    Ok(())
}

async fn migrate_alone(connection: &mut PgConnection) -> anyhow::Result<()> {
    if !is_complete(&POSTGRES, &applied_to_postgres(connection).await?)? {
        drop_unfinished_indexes(connection).await?;
        POSTGRES.run(connection).await?;
    }
    Ok(())
}

/// An index that is made concurrently and not finished, because the process was killed, stays and serves no query.
async fn drop_unfinished_indexes(connection: &mut PgConnection) -> anyhow::Result<()> {
    const UNFINISHED: &str = "SELECT format('DROP INDEX CONCURRENTLY %I', c.relname) FROM pg_index i \
        JOIN pg_class c ON c.oid = i.indexrelid \
        WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace";
    let statements: Vec<String> = sqlx::query_scalar(UNFINISHED).fetch_all(&mut *connection).await?;
    for statement in statements {
        tracing::info!("an index was not finished, and is made again: {statement}");
        // The database has quoted the name.
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}

const APPLIED: &str = "SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY version";

async fn applied_to_postgres(connection: &mut PgConnection) -> anyhow::Result<Vec<Applied>> {
    // In one transaction and without names, so that it also works through a pooler.
    let mut tx = sqlx::Connection::begin(connection).await?;
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .persistent(false)
        .fetch_one(&mut *tx)
        .await?;
    let applied = if exists {
        let applied = sqlx::query_as(APPLIED).persistent(false).fetch_all(&mut *tx).await;
        applied.context("reading the table _sqlx_migrations")?
    } else {
        Vec::new()
    };
    tx.rollback().await?;
    Ok(applied)
}

/// Whether every migration of this binary has been applied.
fn is_complete(migrator: &Migrator, applied: &[Applied]) -> anyhow::Result<bool> {
    Ok(missing(migrator, applied)? == 0)
}

/// The number of migrations of this binary that have not been applied.
fn missing(migrator: &Migrator, applied: &[Applied]) -> anyhow::Result<usize> {
    for row in applied {
        let (version, description) = (row.version, row.description.as_str());
        ensure!(
            row.success,
            "migration {version} ({description}) was begun and did not end: restore the database from a backup"
        );
        match migrator.iter().find(|known| known.version == version) {
            Some(known) => ensure!(
                *known.checksum == row.checksum,
                "migration {version} ({description}) is not the one that this release has under that number: is this \
                 the database of another program?"
            ),
            None => ensure!(
                description.ends_with(ADDITIVE),
                "a newer release has migrated this database ({version}: {description}), and this release can't work \
                 with it: start the newer release, or restore the backup from before"
            ),
        }
    }
    let is_missing = |version| applied.iter().all(|row| row.version != version);
    Ok(migrator.iter().filter(|known| is_missing(known.version)).count())
}

/// The number of this binary's last migration, and how many there are.
pub fn expected(migrator: &Migrator) -> (i64, usize) {
    let last = migrator.iter().map(|known| known.version).max();
    (last.unwrap_or_default(), migrator.iter().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: i64, description: &str, success: bool) -> Applied {
        Applied {
            version,
            description: description.to_owned(),
            success,
            checksum: Vec::new(),
        }
    }

    fn all() -> Vec<Applied> {
        let applied = |known: &sqlx::migrate::Migration| Applied {
            checksum: known.checksum.to_vec(),
            ..row(known.version, &known.description, true)
        };
        SQLITE.iter().map(applied).collect()
    }

    #[test]
    fn a_newer_releases_migrations_are_accepted_if_they_say_that_they_only_add() {
        assert!(is_complete(&SQLITE, &all()).unwrap());
        let with = |newer| all().into_iter().chain([newer]).collect::<Vec<_>>();
        assert!(is_complete(&SQLITE, &with(row(9_000, "users additive", true))).unwrap());
        for newer in [
            row(9_000, "users", true),
            row(9_000, "additive users", true),
            row(9_000, "users additive", false),
        ] {
            assert!(is_complete(&SQLITE, &with(newer)).is_err());
        }
    }

    #[test]
    fn a_missing_migration_is_noticed_whatever_else_is_there() {
        assert!(!is_complete(&SQLITE, &[]).unwrap());
        let mut others = all();
        others.remove(3);
        others.push(row(9_000, "users additive", true));
        assert!(!is_complete(&SQLITE, &others).unwrap());
    }

    #[test]
    fn another_programs_migrations_are_refused() {
        let mut others = all();
        others[0].checksum = vec![1];
        assert!(is_complete(&SQLITE, &others).is_err());
    }
}
