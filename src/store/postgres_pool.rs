//! Connections to PostgreSQL: the one that was used last is used next.
//!
//! sqlx's pool lends the connection that has rested longest, and asks each that comes back whether it works. Under load the
//! work would go round all of the server's processes, and none would have at hand what it needs. So a connection whose work
//! is done is kept here for a moment and lent before all others; whatever else becomes of it is the pool's affair.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Executor, PgConnection, PgPool, Postgres};
use tokio::time::timeout;

/// A connection that worked this short a time ago is taken to work still.
pub const SURELY_ALIVE: Duration = Duration::from_millis(100);
/// A connection that takes longer to say that it works is given up.
const PATIENCE: Duration = Duration::from_millis(500);
/// After this time the pool has its connection back, to replace it when it is too old.
const KEPT_AT_MOST: Duration = Duration::from_mins(1);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct PostgresPool {
    pool: PgPool,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Each with the time of its last use, the latest at the end.
    connections: Vec<(Instant, Taken)>,
    /// How many wait for the pool: what comes back is theirs.
    waiting: usize,
}

/// A connection of the pool's.
#[derive(Debug)]
struct Taken {
    connection: PoolConnection<Postgres>,
    at: Instant,
    /// When it was last known to work. Having been used is no proof: that may have failed.
    worked_at: Instant,
}

/// A connection on loan. Dropped, it takes back what was begun and not committed.
#[derive(Debug)]
pub struct Lent {
    /// There until it is dropped.
    taken: Option<Taken>,
    begun: Begun,
    pool: PostgresPool,
}

#[derive(Clone, Copy, Debug)]
enum Begun {
    Nothing,
    /// Something that may still be running when nobody waits for it any more.
    Statement,
    Transaction,
}

impl PostgresPool {
    pub fn new(pool: PgPool) -> Self {
        let kept = Arc::default();
        Self { pool, kept }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Lends a connection that works, or did a moment ago.
    ///
    /// # Errors
    /// When none becomes free in the pool's time, or the server can't be reached.
    pub async fn lend(&self) -> sqlx::Result<Lent> {
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

    /// The connection that was used last.
    fn latest(&self) -> Result<Taken, Waiting<'_>> {
        let mut kept = self.kept();
        if let Some((_, latest)) = kept.connections.pop() {
            return Ok(latest);
        }
        kept.waiting += 1;
        Err(Waiting(self))
    }

    fn lent(&self, taken: Taken) -> Lent {
        Lent {
            taken: Some(taken),
            begun: Begun::Nothing,
            pool: self.clone(),
        }
    }

    fn keep(&self, taken: Taken) {
        let mut kept = self.kept();
        let overdue = kept
            .connections
            .partition_point(|(used_at, _)| used_at.elapsed() > KEPT_AT_MOST);
        kept.connections.drain(..overdue);
        if kept.waiting == 0 && taken.at.elapsed() < KEPT_AT_MOST && !self.pool.is_closed() {
            kept.connections.push((Instant::now(), taken));
        }
    }

    /// Waits for what is on loan and closes every connection.
    pub async fn close(&self) {
        let closed = self.pool.close();
        self.kept().connections.clear();
        closed.await;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody for whom nothing was kept.
struct Waiting<'p>(&'p PostgresPool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.kept().waiting -= 1;
    }
}

impl Taken {
    fn now(connection: PoolConnection<Postgres>) -> Self {
        let at = Instant::now();
        Self {
            connection,
            at,
            worked_at: at,
        }
    }

    /// Asks it whether it works when nobody has known for some time. `None`, and it is closed, when it does not.
    async fn tested(mut self) -> Option<Self> {
        if self.worked_at.elapsed() > SURELY_ALIVE {
            if !matches!(timeout(PATIENCE, self.connection.ping()).await, Ok(Ok(()))) {
                self.connection.close_on_drop();
                return None;
            }
            self.worked_at = Instant::now();
        }
        Some(self)
    }
}

impl Lent {
    /// Begins a transaction.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn begin(&mut self) -> sqlx::Result<()> {
        self.begun = Begun::Transaction;
        self.execute("BEGIN").await?;
        Ok(())
    }

    /// Announces one statement, which commits itself.
    pub fn begin_once(&mut self) {
        self.begun = Begun::Statement;
    }

    /// Makes what was done since [`Lent::begin`] durable.
    ///
    /// # Errors
    /// When the server can't be reached or refuses: nothing was kept then, or nobody knows.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        if let Begun::Transaction = self.begun {
            self.execute("COMMIT").await?;
        }
        self.begun = Begun::Nothing;
        if let Some(taken) = &mut self.taken {
            taken.worked_at = Instant::now();
        }
        Ok(())
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self
            .taken
            .as_ref()
            .expect("a connection is on loan until it is dropped")
            .connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self
            .taken
            .as_mut()
            .expect("a connection is on loan until it is dropped")
            .connection
    }
}

impl Drop for Lent {
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
                    if connection.execute("ROLLBACK").await.is_err() {
                        connection.close_on_drop();
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
