//! Opening the database: chooses its kind by the URL, sets it up to lose nothing, and migrates it.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::pool::{Calls, ConnectionPool, Settings};
use super::{DatabaseFile, DatabaseSetup, Db, Freshness, Pools, SetUpLock, Writer, migrations, on, postgres};
use crate::model::unavailable::Unavailable;
use crate::store::Result;

/// A request that can't get a connection in this time is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// The watch and the writers share one connection, and the holder may be waiting [`BUSY_TIMEOUT`] for another process.
const WRITER_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(6);
/// How long SQLite waits for another process that holds the write lock. `store::error` names this number.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const SQLITE_READERS: usize = 4;
/// The first release without the WAL-reset defect, which could lose committed writes.
const SAFE_SQLITE: (u32, u32, u32) = (3, 51, 3);

impl Db {
    /// Opens the database, creating a missing SQLite file, and migrates it.
    ///
    /// # Errors
    /// A sentence for the operator when the URL, the file or the server can't be used. An existing file that is not a
    /// usable database is left as it is.
    pub async fn connect(setup: &DatabaseSetup) -> anyhow::Result<Self> {
        let (freshness, url) = (Arc::new(Freshness::default()), setup.url.as_str());
        let pools = match url.split_once(':').map_or(url, |(scheme, _)| scheme) {
            "sqlite" => open_sqlite(url, setup.migration_copies, Arc::clone(&freshness)).await?,
            "postgres" | "postgresql" => postgres::open(setup).await?,
            _ => bail!("DATABASE_URL must start with `sqlite:` or `postgres://`"),
        };
        Ok(Self { pools, freshness })
    }

    /// Whether the database answers and has the migrations of this binary. It may have more: while a new release is
    /// rolled out, the old one goes on serving.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_migrated(&self) -> Result<bool> {
        const SQL: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success AND version <= $1";
        let (last, expected) = match &self.pools {
            Pools::Sqlite { file, .. } => {
                file.check_in_place()?;
                migrations::expected(&migrations::SQLITE)
            }
            Pools::Postgres { .. } => migrations::expected(&migrations::POSTGRES),
        };
        let mut read = self.read().await?;
        let applied: i64 = on!(read.conn(), c => sqlx::query_scalar(SQL).bind(last).fetch_one(c).await?);
        Ok(usize::try_from(applied).is_ok_and(|applied| applied >= expected))
    }
}

impl DatabaseFile {
    /// Refuses to write to a file that was deleted or replaced: SQLite would go on, and all of it would be lost.
    pub(in crate::store) fn check_in_place(&self) -> Result<()> {
        let unavailable = match fs::metadata(&self.path) {
            Ok(metadata) if metadata.ino() == self.inode => return Ok(()),
            Ok(_) => Unavailable::new(
                "the database file was replaced while it was open: restart the service to use the new one",
            ),
            Err(error) => Unavailable::because(
                "the database file was deleted or moved while it was open: put it back and restart the service",
                error,
            ),
        };
        Err(crate::store::Error::Unavailable(unavailable))
    }
}

async fn open_sqlite(url: &str, copies: usize, freshness: Arc<Freshness>) -> anyhow::Result<Pools> {
    let options = SqliteConnectOptions::from_str(url).context("DATABASE_URL is not a SQLite URL")?;
    let path = options.get_filename().to_owned();
    ensure!(
        !url.contains(":memory:") && !url.contains("mode=memory"),
        "DATABASE_URL must name a file: an in-memory database would forget every account"
    );
    let subject = || format!("the database file {}", path.display());
    create_private(&path).with_context(subject)?;
    // Two processes that turn on the write-ahead log or migrate at the same moment would fail on each other's locks.
    let setting_up = SetUpLock::take(&path)?;
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged sign-up survives a power cut, not only a crash.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let writer = sqlite_pool(options.clone(), 1, WRITER_ACQUIRE_TIMEOUT);
    let mut connection = writer.check_out().await.with_context(subject)?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *connection)
        .await?;
    ensure!(
        is_safe(&version),
        "SQLite {version} can lose committed writes; {SAFE_SQLITE:?} or later is needed"
    );
    migrations::migrate_sqlite(&mut connection, &path, copies)
        .await
        .with_context(|| format!("migrating {}", subject()))?;
    drop(connection);
    drop(setting_up);
    let readers = read_only_pool(options, SQLITE_READERS);
    readers.fill().await.with_context(subject)?;
    let inode = fs::metadata(&path).with_context(subject)?.ino();
    Ok(Pools::Sqlite {
        readers,
        writer: Arc::new(Writer::new(writer, freshness)),
        file: DatabaseFile { path, inode },
    })
}

/// Connections that can't write.
pub(super) fn read_only_pool(options: SqliteConnectOptions, max_size: usize) -> ConnectionPool<Sqlite> {
    sqlite_pool(options.read_only(true), max_size, ACQUIRE_TIMEOUT)
}

fn sqlite_pool(options: SqliteConnectOptions, max_size: usize, acquire_timeout: Duration) -> ConnectionPool<Sqlite> {
    ConnectionPool::new(Settings {
        hosts: vec![options],
        max_size,
        acquire_timeout,
        calls: Calls {
            timeout: None,
            keeps_statements: true,
        },
        // Connections to a file don't go stale.
        replacement: None,
    })
}

/// Creates the file and the folders above it, readable by the service's own user only.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    Ok(())
}

fn is_safe(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(major), Some(minor), Some(patch)) => (major, minor, patch) >= SAFE_SQLITE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn releases_that_lose_writes_are_not_safe() {
        assert!(is_safe("3.51.3"));
        assert!(is_safe("3.52.0"));
        assert!(!is_safe("3.51.2"));
        assert!(!is_safe("3.9.9"));
        assert!(!is_safe("nonsense"));
    }
}
