//! All SQL of the service, written once for SQLite and PostgreSQL.
//!
//! A store function takes a [`Conn`] and reads as a sentence with its module: `users::by_email`, `sessions::end`. Whether
//! that connection is inside a transaction is the flow's decision: [`Db::read`] lends a plain one, [`Db::write`] opens a
//! transaction. To add a table, add a migration of the same name in both folders and one file here.

pub mod attempts;
pub mod codes;
mod connect;
pub mod devices;
mod error;
pub mod events;
pub mod outbox;
pub mod sessions;
pub mod signing_keys;
pub mod users;

use std::path::{Path, PathBuf};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

pub use error::{Error, Result};

/// Runs one expression on whichever database the connection belongs to.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($c) => $body,
            $crate::store::Conn::Postgres($c) => $body,
        }
    };
}
use on;

/// The database behind the service. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite allows one writer, so writing has a pool of one connection and waits there, not in the database.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
        file: DatabaseFile,
    },
    Postgres(PgPool),
}

/// The SQLite file and what it was when it was opened.
#[derive(Clone, Debug)]
pub struct DatabaseFile {
    path: PathBuf,
    inode: u64,
}

/// A connection of either kind, borrowed from a [`Read`] or a [`Tx`].
#[derive(Debug)]
pub enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// A connection for single statements that only read.
#[derive(Debug)]
pub enum Read {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// An open write transaction; dropping it without [`Tx::commit`] rolls it back.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Lends a connection for reading, outside of any transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none is free within two seconds or the database can't be reached.
    pub async fn read(&self) -> Result<Read> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Read::Sqlite(readers.acquire().await?),
            Self::Postgres(pool) => Read::Postgres(pool.acquire().await?),
        })
    }

    /// Opens a write transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database can't be reached, or stays locked for longer than five seconds.
    pub async fn write(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, file, .. } => {
                file.check_in_place()?;
                // A deferred transaction that reads first and writes later fails at once when another process wrote between.
                Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Where the SQLite database lies; `None` for PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { file, .. } => Some(&file.path),
            Self::Postgres(_) => None,
        }
    }

    /// Finishes what runs and closes every connection; SQLite then moves its write-ahead log into the database file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Read {
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(held) => Conn::Sqlite(held),
            Self::Postgres(held) => Conn::Postgres(held),
        }
    }
}

impl Tx {
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(transaction) => Conn::Sqlite(transaction),
            Self::Postgres(transaction) => Conn::Postgres(transaction),
        }
    }

    /// Makes everything done in the transaction durable: after this returns, a crash or power cut can't undo it.
    ///
    /// # Errors
    /// When the database refuses; nothing was kept then.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}
