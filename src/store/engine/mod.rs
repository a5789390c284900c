//! What carries the tables: connections, transactions, and what they tell about change.

mod conn;
mod connect;
mod freshness;
mod group_commit;
mod pool;
mod tx;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sqlx::{Postgres, Sqlite};

use super::Result;
pub(in crate::store) use conn::on;
pub use conn::{Conn, Database, OneStatement, Read};
pub use freshness::{Freshness, Stamp};
use group_commit::Writer;
use pool::ConnectionPool;
pub use tx::{Once, Tx};

/// The database behind the service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    freshness: Arc<Freshness>,
}

#[derive(Clone, Debug)]
enum Pools {
    /// SQLite allows one writer, so writing has one connection and waits for it, not in the database.
    Sqlite {
        readers: ConnectionPool<Sqlite>,
        writer: Arc<Writer>,
        /// How many connections the writer has opened, one after the other.
        writers_opened: Arc<AtomicU64>,
        file: DatabaseFile,
    },
    Postgres(ConnectionPool<Postgres>),
}

/// The SQLite file and what it was when it was opened.
#[derive(Clone, Debug)]
pub struct DatabaseFile {
    path: PathBuf,
    inode: u64,
}

impl Db {
    /// What tells whether something that was read from this database still holds.
    #[must_use]
    pub fn freshness(&self) -> Arc<Freshness> {
        Arc::clone(&self.freshness)
    }

    /// Lends a connection for reading, outside of any transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none is free within some seconds or the database can't be reached.
    pub async fn read(&self) -> Result<Read> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, writer, .. } => {
                writer.readers_caught_up().await;
                Read::Sqlite(readers.check_out().await?)
            }
            Pools::Postgres(pool) => Read::Postgres(pool.check_out().await?),
        })
    }

    /// Where the SQLite database lies; `None` for PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(&file.path),
            Pools::Postgres(_) => None,
        }
    }

    /// Finishes what runs and closes every connection; SQLite then moves its write-ahead log into the database file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.pool().close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
