//! What carries the tables: connections, transactions, and the knowledge of what has changed.
//!
//! ```text
//!   store functions, on a Conn of
//!        |                 |
//!     Db::read        Db::write or Db::once
//!        |                 |
//!        |            tx: a Tx for several calls, a Once for one
//!        |                 |
//!        |            group_commit (SQLite only): a queue for the one connection that writes.
//!        |                 |      Writers share a COMMIT, and so its wait for the disk.
//!        v                 v
//!     pool: hands out the connection that was used last.
//!        |  SQLite: 4 connections that only read and 1 that writes. PostgreSQL: 20 that do both; each
//!        |  call ends after a time, and a connection that failed is not used again.
//!        |
//!     connect, postgres: open the database, set it up to lose nothing, migrate it
//!
//!
//!   Tx::commit names the accounts that it changed ---.
//!                                                    v
//!   watch names those that other processes changed -> freshness <- the session cache asks whether
//!                                                                  a session that it holds is still so
//! ```
//!
//! The reasons are in `docs/decisions`: 0004 for the group commit, 0006 for freshness and watch.

mod conn;
mod connect;
mod copy;
mod counters;
mod freshness;
mod group_commit;
mod locate;
mod look;
mod migration_copies;
mod migrations;
mod pool;
mod postgres;
mod set_up_lock;
mod setup;
mod snapshot;
mod tx;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Postgres, Sqlite};

use super::Result;
use crate::telemetry::traces;
pub(in crate::store) use conn::on;
pub use conn::{Conn, Database, OneStatement, Read};
pub use counters::move_counters_ahead;
pub use freshness::{Freshness, Stamp};
use group_commit::Writer;
pub use look::Look;
pub use migrations::Schema;
use pool::ConnectionPool;
pub use pool::PoolState;
#[cfg(test)]
pub(in crate::store) use pool::url_of_tests;
pub use set_up_lock::SetUpLock;
pub use setup::DatabaseSetup;
pub use snapshot::{Snapshot, with_ending};
pub use tx::{Once, Tx};

/// The database behind the service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    freshness: Arc<Freshness>,
}

#[derive(Clone, Debug)]
enum Pools {
    /// SQLite has one writer at a time. So writing has one connection, and requests queue for it here, in order,
    /// instead of polling SQLite's lock.
    Sqlite {
        readers: ConnectionPool<Sqlite>,
        writer: Arc<Writer>,
        file: DatabaseFile,
    },
    Postgres {
        pool: ConnectionPool<Postgres>,
        /// The hosts of the server itself, for the watch; none if only a pooler is known.
        direct: Arc<[PgConnectOptions]>,
    },
}

/// The path of the SQLite file, and its inode when it was opened.
#[derive(Clone, Debug)]
pub struct DatabaseFile {
    path: PathBuf,
    inode: u64,
}

impl Db {
    /// Tells whether something that was read from this database still holds.
    #[must_use]
    pub fn freshness(&self) -> Arc<Freshness> {
        Arc::clone(&self.freshness)
    }

    /// Checks out a connection for reading, outside of any transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`](super::Error::Unavailable) when none is free within 2 s or the database can't be reached.
    pub async fn read(&self) -> Result<Read> {
        let span = traces::read();
        Ok(match &self.pools {
            Pools::Sqlite { readers, writer, .. } => {
                writer.readers_caught_up().await;
                Read::Sqlite(readers.check_out().await?.during(&span))
            }
            Pools::Postgres { pool, .. } => Read::Postgres(pool.check_out_for_statements().await?.during(&span)),
        })
    }

    /// The path of the SQLite file; `None` for PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(&file.path),
            Pools::Postgres { .. } => None,
        }
    }

    /// How the connections are used now.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolState> {
        match &self.pools {
            Pools::Sqlite { readers, writer, .. } => vec![readers.state("read"), writer.pool().state("write")],
            Pools::Postgres { pool, .. } => vec![pool.state("all")],
        }
    }

    /// Waits for running statements and closes every connection. SQLite then moves its write-ahead log into the
    /// database file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.pool().close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}
