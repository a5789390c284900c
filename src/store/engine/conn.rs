//! What a store function runs its SQL on.

use sqlx::{Postgres, Sqlite, SqliteConnection};

use super::pool::CheckedOut;

/// Runs one expression on either kind of database: the compiler sees it once for each.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn.database {
            $crate::store::engine::Database::Sqlite($c) => $body,
            $crate::store::engine::Database::Postgres($c) => $body,
        }
    };
}
pub(in crate::store) use on;

/// A borrowed connection of either kind, good for one store call: it can't be copied, and the call consumes it.
#[derive(Debug)]
pub struct Conn<'c> {
    pub(in crate::store) database: Database<'c>,
}

#[derive(Debug)]
pub enum Database<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut CheckedOut<Postgres>),
}

/// A connection outside of any transaction, for a store function that is one statement on either database. By taking
/// this instead of a [`Conn`], the function promises that it is.
#[derive(Debug)]
pub struct OneStatement<'c>(pub(super) Conn<'c>);

/// A connection for statements that only read, each by itself.
#[derive(Debug)]
pub enum Read {
    Sqlite(CheckedOut<Sqlite>),
    Postgres(CheckedOut<Postgres>),
}

impl Conn<'_> {
    /// Whether all other writers wait for this transaction: SQLite's begin with its one write lock.
    pub(in crate::store) fn excludes_other_writers(&self) -> bool {
        matches!(self.database, Database::Sqlite(_))
    }

    /// Of two texts that do the same, the one for this database.
    pub(in crate::store) fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.database {
            Database::Sqlite(_) => sqlite,
            Database::Postgres(_) => postgres,
        }
    }
}

impl<'c> OneStatement<'c> {
    pub(in crate::store) fn conn(self) -> Conn<'c> {
        self.0
    }
}

impl Read {
    pub fn conn(&mut self) -> Conn<'_> {
        let database = match self {
            Self::Sqlite(connection) => Database::Sqlite(connection),
            Self::Postgres(connection) => Database::Postgres(connection),
        };
        Conn { database }
    }
}
