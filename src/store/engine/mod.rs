//! What carries the tables: connections, transactions, and what they tell about change.

mod connect;
mod freshness;
mod group_commit;
mod pool;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection};

use super::Result;
use crate::model::id::UserId;
pub use freshness::{Freshness, Stamp};
use group_commit::{WriteTurn, Writer};
use pool::{CheckedOut, ConnectionPool};

/// Runs one expression on whichever database the connection belongs to.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn.database {
            $crate::store::engine::Database::Sqlite($c) => $body,
            $crate::store::engine::Database::Postgres($c) => $body,
        }
    };
}
pub(in crate::store) use on;

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

/// A connection of either kind, borrowed from a [`Read`] or a [`Tx`].
#[derive(Debug)]
pub struct Conn<'c> {
    pub(in crate::store) database: Database<'c>,
    pub(in crate::store) changes: Changes<'c>,
}

#[derive(Debug)]
pub enum Database<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Where a store function notes whose sessions it changed, so that nobody remembers them as they were.
#[derive(Debug)]
pub struct Changes<'c>(Option<&'c mut Vec<UserId>>);

/// A connection for single statements that only read.
#[derive(Debug)]
pub enum Read {
    Sqlite(CheckedOut<Sqlite>),
    Postgres(CheckedOut<Postgres>),
}

/// An open write transaction. Dropping it without [`Tx::commit`] rolls it back, but for a statement that has committed itself.
#[derive(Debug)]
pub struct Tx {
    transaction: OpenTransaction,
    /// `None` where it would be noted too late.
    changed: Option<Vec<UserId>>,
    freshness: Arc<Freshness>,
}

#[derive(Debug)]
enum OpenTransaction {
    Sqlite(Box<WriteTurn>),
    Postgres(CheckedOut<Postgres>),
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

    /// Opens a write transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database can't be reached, or stays locked for longer than some seconds.
    pub async fn write(&self) -> Result<Tx> {
        let transaction = match &self.pools {
            Pools::Sqlite { writer, file, .. } => {
                file.check_in_place()?;
                OpenTransaction::Sqlite(Box::new(writer.begin().await?))
            }
            Pools::Postgres(pool) => OpenTransaction::Postgres(pool.begin("BEGIN").await?),
        };
        Ok(self.tx(transaction, Some(Vec::new())))
    }

    /// Like [`Db::write`], for one store function that has nothing to note of an existing session and is one statement on
    /// PostgreSQL. It is durable when it has succeeded there, and beginning and committing are spared; the flow commits all
    /// the same.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_by_one_call(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { .. } => self.write().await,
            Pools::Postgres(pool) => Ok(self.once(pool.check_out().await?)),
        }
    }

    /// Like [`Db::write_by_one_call`], for a store function that is one statement on either database.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_once(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { writer, file, .. } => {
                file.check_in_place()?;
                Ok(self.tx(OpenTransaction::Sqlite(Box::new(writer.begin_once().await?)), None))
            }
            Pools::Postgres(_) => self.write_by_one_call().await,
        }
    }

    /// Like [`Db::write_once`], on the connection that was read from where one connection can do both.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_once_after(&self, read: Read) -> Result<Tx> {
        match read {
            Read::Sqlite(lent) => {
                // Who waits for the writer must not keep others from reading.
                drop(lent);
                self.write_once().await
            }
            Read::Postgres(lent) => Ok(self.once(lent)),
        }
    }

    fn once(&self, lent: CheckedOut<Postgres>) -> Tx {
        self.tx(OpenTransaction::Postgres(lent.for_one_statement()), None)
    }

    fn tx(&self, transaction: OpenTransaction, changed: Option<Vec<UserId>>) -> Tx {
        Tx {
            transaction,
            changed,
            freshness: self.freshness(),
        }
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

impl Read {
    pub fn conn(&mut self) -> Conn<'_> {
        let database = match self {
            Self::Sqlite(lent) => Database::Sqlite(lent),
            Self::Postgres(lent) => Database::Postgres(lent),
        };
        let changes = Changes(None);
        Conn { database, changes }
    }
}

impl Conn<'_> {
    /// The text for this database, of those that do the same.
    pub(in crate::store) fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.database {
            Database::Sqlite(_) => sqlite,
            Database::Postgres(_) => postgres,
        }
    }
}

impl Changes<'_> {
    /// Notes that sessions of `user` ended, or that something else changed that a session shows of them.
    pub(in crate::store) fn of(self, user: UserId) {
        self.0.expect("only transactions change anything").push(user);
    }
}

impl Tx {
    pub fn conn(&mut self) -> Conn<'_> {
        let database = match &mut self.transaction {
            OpenTransaction::Sqlite(turn) => Database::Sqlite(turn.connection()),
            OpenTransaction::Postgres(lent) => Database::Postgres(lent),
        };
        let changes = Changes(self.changed.as_mut());
        Conn { database, changes }
    }

    /// Makes everything done in the transaction durable: after this returns, a crash or power cut can't undo it, and
    /// nothing that it changed is answered from memory any more.
    ///
    /// # Errors
    /// When the database refuses; nothing was kept then.
    pub async fn commit(self) -> Result<()> {
        let changed = self.changed.unwrap_or_default();
        match self.transaction {
            OpenTransaction::Sqlite(turn) => turn.commit(changed).await?,
            OpenTransaction::Postgres(lent) => {
                let unsettled = self.freshness.committing(changed);
                lent.commit().await?;
                unsettled.settle();
            }
        }
        Ok(())
    }
}
