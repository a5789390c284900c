//! Lending connections: the one that was used last is used next.
//!
//! sqlx's pool lends the connection that has rested longest, and asks each that comes back whether it works. Under load the
//! work would go round all of PostgreSQL's processes or SQLite's threads, and none would have at hand what it needs. So a
//! connection whose work is done is kept here for a moment and lent before all others; whatever else becomes of it is the
//! pool's affair.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Executor, PgConnection, Pool, Postgres, Sqlite, SqliteConnection};
use tokio::time::timeout;

/// A connection that worked this short a time ago is taken to work still.
pub const TRUSTED_WITHOUT_PING: Duration = Duration::from_millis(100);
/// A connection that takes longer to say that it works is given up.
const PATIENCE: Duration = Duration::from_millis(500);
/// After this time the pool has its connection back, to replace it when it is too old.
const MAX_IDLE: Duration = Duration::from_mins(1);

/// A kind of database whose connections are lent.
pub trait PooledDatabase: sqlx::Database {
    /// Runs one statement that has no values and no rows.
    fn run(connection: &mut Self::Connection, sql: &'static str) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl PooledDatabase for Sqlite {
    async fn run(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
        // A thread that dies ends the stream without a word, and that must not pass for a commit.
        let outcome = connection.fetch_many(sql).try_next().await?;
        outcome.map(drop).ok_or(sqlx::Error::WorkerCrashed)
    }
}

impl PooledDatabase for Postgres {
    async fn run(connection: &mut PgConnection, sql: &'static str) -> sqlx::Result<()> {
        connection.execute(sql).await.map(drop)
    }
}

/// Cheap to clone.
#[derive(Debug)]
pub struct ConnectionPool<DB: PooledDatabase> {
    pool: Pool<DB>,
    kept: Arc<Mutex<Kept<DB>>>,
}

#[derive(Debug)]
struct Kept<DB: PooledDatabase> {
    /// Each with the time of its last use, the latest at the end.
    connections: Vec<(Instant, Taken<DB>)>,
    /// How many wait for the pool: what comes back is theirs.
    waiting: usize,
}

/// A connection of the pool's.
#[derive(Debug)]
struct Taken<DB: PooledDatabase> {
    connection: PoolConnection<DB>,
    at: Instant,
    /// When it was last known to work. Having been used is no proof: that may have failed.
    worked_at: Instant,
}

/// A connection on loan. Dropped, it takes back what was begun and not committed.
#[derive(Debug)]
pub struct CheckedOut<DB: PooledDatabase> {
    /// There until it is dropped.
    taken: Option<Taken<DB>>,
    begun: Begun,
    pool: ConnectionPool<DB>,
}

#[derive(Clone, Copy, Debug)]
enum Begun {
    Nothing,
    /// Something that may still be running when nobody waits for it any more.
    Statement,
    Transaction,
}

impl<DB: PooledDatabase> Clone for ConnectionPool<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            kept: Arc::clone(&self.kept),
        }
    }
}

impl<DB: PooledDatabase> ConnectionPool<DB> {
    pub fn new(pool: Pool<DB>) -> Self {
        let kept = Kept {
            connections: Vec::new(),
            waiting: 0,
        };
        Self {
            pool,
            kept: Arc::new(Mutex::new(kept)),
        }
    }

    pub fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Lends a connection that works, or did a moment ago.
    ///
    /// # Errors
    /// When none becomes free in the pool's time, or the database can't be reached.
    pub async fn check_out(&self) -> sqlx::Result<CheckedOut<DB>> {
        loop {
            match self.latest() {
                Ok(latest) => {
                    if let Some(working) = latest.tested().await {
                        return Ok(self.lent(working));
                    }
                    // The others can hardly be better. The pool tests what comes back.
                    self.kept().connections.clear();
                }
                Err(_waiting) => return Ok(self.lent(Taken::now(self.pool.acquire().await?))),
            }
        }
    }

    /// Lends a connection in a transaction that `statement` has begun.
    ///
    /// # Errors
    /// As [`ConnectionPool::check_out`].
    pub async fn begin(&self, statement: &'static str) -> sqlx::Result<CheckedOut<DB>> {
        let mut lent = self.check_out().await?;
        lent.begun = Begun::Transaction;
        let outcome = DB::run(&mut lent, statement).await;
        if outcome.is_err() {
            // There is nothing to take back. The pool asks whether it still works.
            lent.begun = Begun::Statement;
        }
        outcome.map(|()| lent)
    }

    /// The connection that was used last.
    fn latest(&self) -> Result<Taken<DB>, Waiting<'_, DB>> {
        let mut kept = self.kept();
        if let Some((_, latest)) = kept.connections.pop() {
            return Ok(latest);
        }
        kept.waiting += 1;
        Err(Waiting(self))
    }

    fn lent(&self, taken: Taken<DB>) -> CheckedOut<DB> {
        CheckedOut {
            taken: Some(taken),
            begun: Begun::Nothing,
            pool: self.clone(),
        }
    }

    fn keep(&self, taken: Taken<DB>) {
        let mut kept = self.kept();
        let overdue = kept
            .connections
            .partition_point(|(used_at, _)| used_at.elapsed() > MAX_IDLE);
        kept.connections.drain(..overdue);
        if kept.waiting == 0 && taken.at.elapsed() < MAX_IDLE && !self.pool.is_closed() {
            kept.connections.push((Instant::now(), taken));
        }
    }

    /// Waits for what is on loan and closes every connection.
    pub async fn close(&self) {
        let closed = self.pool.close();
        self.kept().connections.clear();
        closed.await;
    }

    fn kept(&self) -> MutexGuard<'_, Kept<DB>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody for whom nothing was kept.
struct Waiting<'p, DB: PooledDatabase>(&'p ConnectionPool<DB>);

impl<DB: PooledDatabase> Drop for Waiting<'_, DB> {
    fn drop(&mut self) {
        self.0.kept().waiting -= 1;
    }
}

impl<DB: PooledDatabase> Taken<DB> {
    fn now(connection: PoolConnection<DB>) -> Self {
        let at = Instant::now();
        Self {
            connection,
            at,
            worked_at: at,
        }
    }

    /// Asks it whether it works when nobody has known for some time. `None`, and it is closed, when it does not.
    async fn tested(mut self) -> Option<Self> {
        if self.worked_at.elapsed() > TRUSTED_WITHOUT_PING {
            if !matches!(timeout(PATIENCE, self.connection.ping()).await, Ok(Ok(()))) {
                self.connection.close_on_drop();
                return None;
            }
            self.worked_at = Instant::now();
        }
        Some(self)
    }
}

impl<DB: PooledDatabase> CheckedOut<DB> {
    /// Announces one statement, which commits itself.
    pub fn for_one_statement(mut self) -> Self {
        self.begun = Begun::Statement;
        self
    }

    /// Makes what was done since [`ConnectionPool::begin`] durable.
    ///
    /// # Errors
    /// When the database can't be reached or refuses: nothing was kept then, or nobody knows.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        if let Begun::Transaction = self.begun {
            DB::run(&mut self, "COMMIT").await?;
        }
        self.begun = Begun::Nothing;
        if let Some(taken) = &mut self.taken {
            taken.worked_at = Instant::now();
        }
        Ok(())
    }
}

impl<DB: PooledDatabase> Deref for CheckedOut<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self
            .taken
            .as_ref()
            .expect("a connection is on loan until it is dropped")
            .connection
    }
}

impl<DB: PooledDatabase> DerefMut for CheckedOut<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self
            .taken
            .as_mut()
            .expect("a connection is on loan until it is dropped")
            .connection
    }
}

impl<DB: PooledDatabase> Drop for CheckedOut<DB> {
    fn drop(&mut self) {
        let Some(taken) = self.taken.take() else {
            return;
        };
        match self.begun {
            Begun::Nothing => self.pool.keep(taken),
            // The pool waits for it before it lends the connection again.
            Begun::Statement => drop(taken),
            Begun::Transaction => {
                let mut connection = taken.connection;
                tokio::spawn(async move {
                    if DB::run(&mut connection, "ROLLBACK").await.is_err() {
                        connection.close_on_drop();
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
