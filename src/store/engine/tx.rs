//! The two ways to write: a transaction, and one store call that needs none.

use std::sync::Arc;

use sqlx::Postgres;
use tracing::Span;

use super::group_commit::WriteTurn;
use super::pool::{CheckedOut, ConnectionPool};
use super::{Conn, Database, Db, Freshness, OneStatement, Pools, Read};
use crate::model::id::UserId;
use crate::store::Result;
use crate::telemetry::traces;

/// An open write transaction. Dropping it without [`Tx::commit`] rolls it back.
#[derive(Debug)]
pub struct Tx {
    open: Open,
    /// The accounts whose sessions the transaction ended or changed.
    changed: Vec<UserId>,
    freshness: Arc<Freshness>,
    /// Ends with the transaction.
    _span: Span,
}

/// Runs one store call and is consumed by it: no second statement can stand where there is no transaction.
///
/// It spares what a transaction costs: on PostgreSQL every store function is one statement, which commits by itself. A
/// store function that changes what a session shows takes a [`Tx`], so its change can't get lost here.
#[derive(Debug)]
#[must_use = "nothing is written before `run` or `run_statement`"]
pub struct Once<'d> {
    db: &'d Db,
    /// A connection that was read from; PostgreSQL's can write too.
    read: Option<Read>,
}

/// Where statements go until they are committed: to a transaction, or to a connection that commits one by itself.
#[derive(Debug)]
enum Open {
    Sqlite(Box<WriteTurn>),
    Postgres(CheckedOut<Postgres>),
}

impl Db {
    /// Opens a write transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::store::Error::Unavailable) when the database can't be reached or stays locked.
    pub async fn write(&self) -> Result<Tx> {
        let span = traces::transaction();
        let open = match &self.pools {
            Pools::Sqlite { writer, file, .. } => {
                file.check_in_place()?;
                Open::Sqlite(Box::new(writer.begin().await?))
            }
            Pools::Postgres { pool, .. } => Open::Postgres(pool.begin("BEGIN").await?),
        };
        Ok(Tx {
            open,
            changed: Vec::new(),
            freshness: self.freshness(),
            _span: span,
        })
    }

    /// Prepares to write by exactly one store call, without the cost of a transaction where that can be spared.
    pub fn once(&self) -> Once<'_> {
        Once { db: self, read: None }
    }

    /// Like [`Db::once`], on the connection that was just read from where one connection can do both.
    pub fn once_after(&self, read: Read) -> Once<'_> {
        Once {
            db: self,
            read: Some(read),
        }
    }
}

impl Once<'_> {
    /// Runs `call` and makes durable what it wrote. SQLite gets a transaction, because the call may be several
    /// statements there.
    ///
    /// # Errors
    /// As [`Db::write`], and those of `call`. Nothing was kept then, unless the database's answer was lost.
    pub async fn run<T>(self, call: impl AsyncFnOnce(Conn<'_>) -> Result<T>) -> Result<T> {
        let _span = traces::statement();
        let mut open = match &self.db.pools {
            // A call that waits for the writer must not keep others from reading.
            Pools::Sqlite { .. } => {
                drop(self.read);
                self.db.write().await?.open
            }
            Pools::Postgres { pool, .. } => Open::statement(pool, self.read).await?,
        };
        let done = call(open.conn()).await?;
        open.commit(Vec::new(), &self.db.freshness).await?;
        Ok(done)
    }

    /// Like [`Once::run`], for a call that is one statement on SQLite too: no transaction there either, unless other
    /// writers share the commit.
    ///
    /// # Errors
    /// As [`Once::run`].
    pub async fn run_statement<T>(self, call: impl AsyncFnOnce(OneStatement<'_>) -> Result<T>) -> Result<T> {
        let _span = traces::statement();
        let mut open = match &self.db.pools {
            Pools::Sqlite { writer, file, .. } => {
                drop(self.read);
                file.check_in_place()?;
                Open::Sqlite(Box::new(writer.begin_statement().await?))
            }
            Pools::Postgres { pool, .. } => Open::statement(pool, self.read).await?,
        };
        let done = call(OneStatement(open.conn())).await?;
        open.commit(Vec::new(), &self.db.freshness).await?;
        Ok(done)
    }
}

impl Tx {
    pub fn conn(&mut self) -> Conn<'_> {
        self.open.conn()
    }

    /// Notes that sessions of `user` ended, or that something else changed that a session shows of its account.
    /// Sessions of `user` that are remembered are read again once the transaction has committed.
    pub(in crate::store) fn note_change_of(&mut self, user: UserId) {
        self.changed.push(user);
    }

    /// Makes everything done in the transaction durable: after this returns, a crash or power cut can't undo it, and
    /// nothing that it changed is answered from memory any more.
    ///
    /// # Errors
    /// When the database refuses: nothing was kept. When its answer was lost, that is not known.
    pub async fn commit(self) -> Result<()> {
        self.open.commit(self.changed, &self.freshness).await
    }
}

impl Open {
    /// On the connection of `read` if there is one.
    async fn statement(pool: &ConnectionPool<Postgres>, read: Option<Read>) -> Result<Self> {
        let connection = match read {
            Some(Read::Postgres(connection)) => connection,
            _ => pool.check_out_for_statements().await?,
        };
        Ok(Self::Postgres(connection.for_one_statement()))
    }

    fn conn(&mut self) -> Conn<'_> {
        let database = match self {
            Self::Sqlite(turn) => Database::Sqlite(turn.connection()),
            Self::Postgres(connection) => Database::Postgres(connection),
        };
        Conn { database }
    }

    async fn commit(self, changed: Vec<UserId>, freshness: &Freshness) -> Result<()> {
        match self {
            Self::Sqlite(turn) => turn.commit(changed).await,
            Self::Postgres(connection) => {
                let unsettled = freshness.committing(changed);
                connection.commit().await?;
                unsettled.settle();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::model::event::{Actor, Event, EventKind};
    use crate::model::unavailable::Unavailable;
    use crate::store::engine::DatabaseSetup;
    use crate::store::{Error, events, on};

    async fn number_of_events(db: &Db) -> i64 {
        let mut read = db.read().await.unwrap();
        on!(read.conn(), c => sqlx::query_scalar("SELECT COUNT(*) FROM events").fetch_one(c).await.unwrap())
    }

    #[tokio::test]
    async fn once_keeps_what_succeeds_and_nothing_of_what_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("once.db");
        let db = Db::connect(&DatabaseSetup::new(&format!("sqlite:{}", file.display())))
            .await
            .unwrap();
        let event = || {
            let user = Some(UserId(Uuid::now_v7()));
            Event::new(EventKind::LogOut, user, Actor::Owner, DateTime::UNIX_EPOCH)
        };
        let succeeds = async |conn: Conn<'_>| events::record(conn, &event()).await;
        db.once().run(succeeds).await.unwrap();
        assert_eq!(number_of_events(&db).await, 1);
        let fails = async |conn: Conn<'_>| {
            events::record(conn, &event()).await?;
            Err::<(), _>(Error::Unavailable(Unavailable::new("it fails after its statement")))
        };
        db.once().run(fails).await.unwrap_err();
        assert_eq!(number_of_events(&db).await, 1);
        let read = db.read().await.unwrap();
        let statement = async |statement: OneStatement<'_>| events::record(statement.conn(), &event()).await;
        db.once_after(read).run_statement(statement).await.unwrap();
        assert_eq!(number_of_events(&db).await, 2);
    }
}
