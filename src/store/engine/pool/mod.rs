//! The connection pool: the connection that was used last is used next.
//!
//! sqlx's own pool takes the connection that has rested longest and pings each one that comes back. Under load,
//! requests would go round all of PostgreSQL's processes or SQLite's threads, and none would have in its caches what it
//! needs. So deadpool hands out sqlx's connections, the last one in first. [`opener`] says how one is opened, pinged,
//! replaced and left clean, [`calls`] how statements run on it. Why: docs/decisions/0009-connection-pool.md

mod calls;
mod opener;

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Object, Pool, PoolError, QueueMode, WeakPool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Span;

pub use calls::Calls;
use calls::{CLEAN_UP_TIMEOUT, LastCall};
use opener::{Begun, Opener};
pub use opener::{PooledDatabase, Replacement, Settings, refuse_read_only};

/// A pool that closes waits this long for the connections in use. Statements that a silent server holds up must not
/// hold up the end of the service too.
const CLOSING_TIMEOUT: Duration = Duration::from_millis(700);
const MAINTENANCE_INTERVAL: Duration = Duration::from_mins(1);

/// Cheap to clone.
#[derive(Debug)]
pub struct ConnectionPool<DB: PooledDatabase>(Pool<Opener<DB>>);

/// A connection in use. Dropped, it rolls back what was begun and not committed, and returns to the pool.
#[derive(Debug)]
pub struct CheckedOut<DB: PooledDatabase> {
    /// There, with a connection, until it is dropped.
    place: Option<Object<Opener<DB>>>,
    begun: Begun,
    calls: Calls,
    last_call: LastCall,
    /// Ends when the connection is given back.
    span: Span,
}

/// How the connections of a pool are used.
#[derive(Debug, Clone, Copy)]
pub struct PoolState {
    pub name: &'static str,
    pub in_use: usize,
    pub idle: usize,
    /// The number of connections that it may open.
    pub most: usize,
    /// The number of connections that failed in use so far.
    pub lost: u64,
}

impl<DB: PooledDatabase> Clone for ConnectionPool<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<DB: PooledDatabase> ConnectionPool<DB> {
    /// A pool that opens connections when they are needed.
    pub fn new(settings: Settings<DB>) -> Self {
        let (max_size, replacement) = (settings.max_size, settings.replacement);
        let opener = Opener {
            settings,
            opened: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            preferred: AtomicUsize::new(0),
            closing: CancellationToken::new(),
        };
        let builder = Pool::builder(opener).max_size(max_size).queue_mode(QueueMode::Lifo);
        let pool = builder.build().expect("a pool without time-outs needs no runtime");
        if let Some(replacement) = replacement {
            tokio::spawn(maintain(pool.weak(), replacement));
        }
        Self(pool)
    }

    /// How the connections are used now.
    pub fn state(&self, name: &'static str) -> PoolState {
        let status = self.0.status();
        PoolState {
            name,
            in_use: status.size.saturating_sub(status.available),
            idle: status.available,
            most: status.max_size,
            lost: self.lost(),
        }
    }

    /// The number of connections that were opened so far.
    pub fn opened(&self) -> u64 {
        self.0.manager().opened.load(Ordering::SeqCst)
    }

    /// The number of connections that failed in use so far.
    pub fn lost(&self) -> u64 {
        self.0.manager().lost.load(Ordering::SeqCst)
    }

    /// Cancelled when the pool begins to close.
    pub fn closing(&self) -> &CancellationToken {
        &self.0.manager().closing
    }

    /// Takes a connection that works, or did a moment ago.
    ///
    /// # Errors
    /// When none becomes free in time, or the database can't be reached.
    pub async fn check_out(&self) -> sqlx::Result<CheckedOut<DB>> {
        let waiting = timeout(self.0.manager().settings.acquire_timeout, self.0.get());
        let place = waiting.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let place = place.map_err(|error| match error {
            PoolError::Backend(error) => error,
            _ => sqlx::Error::PoolClosed,
        })?;
        if place.is_none() {
            return Err(sqlx::Error::PoolClosed);
        }
        Ok(CheckedOut {
            place: Some(place),
            begun: Begun::Nothing,
            calls: self.0.manager().settings.calls,
            last_call: LastCall::Answered,
            span: Span::none(),
        })
    }

    /// Takes a connection for statements that each commit by themselves. Behind a pooler that shares connections
    /// between transactions, they are one transaction: sqlx sends a statement in two steps, which must meet the same
    /// server.
    ///
    /// # Errors
    /// As [`ConnectionPool::check_out`].
    pub async fn check_out_for_statements(&self) -> sqlx::Result<CheckedOut<DB>> {
        if self.0.manager().settings.calls.keeps_statements {
            self.check_out().await
        } else {
            self.begin("BEGIN").await
        }
    }

    /// Takes a connection and begins a transaction by `statement`.
    ///
    /// # Errors
    /// As [`ConnectionPool::check_out`].
    pub async fn begin(&self, statement: &'static str) -> sqlx::Result<CheckedOut<DB>> {
        let mut connection = self.check_out().await?;
        connection.begun = Begun::Transaction;
        let outcome = connection.run(statement).await;
        if outcome.is_err() {
            // There is nothing to roll back, but the connection may be broken.
            connection.begun = Begun::Statement;
        }
        outcome.map(|()| connection)
    }

    /// Opens all connections now: later there may be no file descriptors left for them.
    ///
    /// # Errors
    /// As [`ConnectionPool::check_out`].
    pub async fn fill(&self) -> sqlx::Result<()> {
        let mut all = Vec::new();
        while all.len() < self.0.manager().settings.max_size {
            all.push(self.check_out().await?);
        }
        Ok(())
    }

    async fn close_idle(&self, max_idle: Duration) {
        let idle = self.0.retain(|_, used| used.last_used() < max_idle).removed;
        for opened in idle.into_iter().flatten() {
            opened.close().await;
        }
    }

    /// Waits a moment for the connections that are in use and closes all.
    pub async fn close(&self) {
        self.closing().cancel();
        let mut all = Vec::new();
        let closing = async {
            for _ in 0..self.0.manager().settings.max_size {
                // An error says that another call has closed the pool already.
                let Ok(place) = self.0.get().await else { break };
                all.push(place);
            }
            self.0.close();
            for opened in all.drain(..).filter_map(Object::take) {
                opened.close().await;
            }
        };
        if timeout(CLOSING_TIMEOUT, closing).await.is_err() {
            self.0.close();
            tracing::warn!("the database did not finish all statements before the service stopped: they are cut off");
        }
    }
}

/// Closes connections that were not used for long. The age of one that is used is looked at when it is checked out.
async fn maintain<DB: PooledDatabase>(pool: WeakPool<Opener<DB>>, limit: Replacement) {
    loop {
        sleep(MAINTENANCE_INTERVAL).await;
        let Some(pool) = pool.upgrade() else { return };
        let round = async move { ConnectionPool(pool).close_idle(limit.max_idle).await };
        // In a task of its own: a panic, which the log shows, ends one round and not the maintenance.
        drop(tokio::spawn(round).await);
    }
}

impl<DB: PooledDatabase> CheckedOut<DB> {
    /// Lets `span` end when the connection is given back.
    pub fn during(mut self, span: &Span) -> Self {
        self.span.clone_from(span);
        self
    }

    /// Announces one statement, which commits itself.
    pub fn for_one_statement(mut self) -> Self {
        if let Begun::Nothing = self.begun {
            self.begun = Begun::Statement;
        }
        self
    }

    /// Makes what was done since [`ConnectionPool::begin`] durable.
    ///
    /// # Errors
    /// When the database can't be reached or refuses: nothing was kept. When its answer was lost, that is not known.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        if let Begun::Transaction = self.begun {
            self.run("COMMIT").await?;
        }
        self.begun = Begun::Nothing;
        if let Some(opened) = self.place.as_deref_mut().and_then(Option::as_mut) {
            opened.worked_at = Instant::now();
        }
        Ok(())
    }
}

impl<DB: PooledDatabase> Deref for CheckedOut<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        let opened = self.place.as_deref().and_then(Option::as_ref);
        &opened.expect("it has a connection until it is dropped").connection
    }
}

impl<DB: PooledDatabase> DerefMut for CheckedOut<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        let opened = self.place.as_deref_mut().and_then(Option::as_mut);
        &mut opened.expect("it has a connection until it is dropped").connection
    }
}

impl<DB: PooledDatabase> Drop for CheckedOut<DB> {
    fn drop(&mut self) {
        let Some(mut place) = self.place.take() else { return };
        let (begun, limit) = match (self.begun, self.last_call) {
            (_, LastCall::Lost) => {
                let lost = Object::pool(&place);
                // Dropped, not closed in order: that would wait for a server that may be gone.
                drop(Object::take(place));
                if let Some(pool) = lost {
                    pool.manager().lost.fetch_add(1, Ordering::SeqCst);
                }
                return;
            }
            (Begun::Nothing, LastCall::Answered) => return,
            (Begun::Nothing, LastCall::Waiting(since)) => (Begun::Statement, self.calls.remaining(since)),
            (begun, LastCall::Waiting(since)) => (begun, self.calls.remaining(since)),
            (begun, LastCall::Answered) => (begun, CLEAN_UP_TIMEOUT),
        };
        tokio::spawn(async move {
            if let Some(opened) = place.as_mut()
                && opened.clean_up(begun, limit).await.is_err()
            {
                drop(Object::take(place));
            }
        });
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(in crate::store) use tests::url as url_of_tests;
