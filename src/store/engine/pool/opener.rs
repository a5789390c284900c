//! How a connection of the pool is opened, when it is pinged or replaced, and how it is left clean.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use futures_util::TryStreamExt;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Postgres, Sqlite, SqliteConnection};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// A connection that worked this short a time ago is taken to work still.
pub const TRUSTED_WITHOUT_PING: Duration = Duration::from_millis(100);
/// A connection that takes longer to answer a ping is replaced.
const PING_TIMEOUT: Duration = Duration::from_millis(500);
/// A connection that takes longer to end an abandoned statement or transaction is replaced. PostgreSQL ends a statement
/// of its own accord after 15 seconds.
const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between two attempts to connect to a server that is starting.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// A kind of database that is connected to.
pub trait PooledDatabase: sqlx::Database {
    /// Runs one statement that has no values and no rows.
    fn run(connection: &mut Self::Connection, sql: &'static str) -> impl Future<Output = sqlx::Result<()>> + Send;
}

pub type Options<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

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

/// How many connections there may be, and how they are opened.
#[derive(Debug)]
pub struct Settings<DB: PooledDatabase> {
    pub options: Options<DB>,
    pub max_size: usize,
    /// A caller that has no connection after this time gets an error.
    pub acquire_timeout: Duration,
    /// Runs on each new connection.
    pub set_up: Option<&'static str>,
    /// `None` where connections don't go stale.
    pub replacement: Option<Replacement>,
}

/// When connections are replaced although they work.
#[derive(Clone, Copy, Debug)]
pub struct Replacement {
    pub max_age: Duration,
    pub max_idle: Duration,
}

/// Opens connections, and pings them before they are used again.
#[derive(Debug)]
pub struct Opener<DB: PooledDatabase> {
    pub settings: Settings<DB>,
    /// The number of connections that were opened so far.
    pub opened: AtomicU64,
    /// Cancelled when the pool begins to close.
    pub closing: CancellationToken,
}

/// A place in the pool. It holds no connection once the pool is closing.
pub type Place<DB> = Option<Opened<DB>>;

pub struct Opened<DB: PooledDatabase> {
    pub connection: DB::Connection,
    at: Instant,
    /// When it was last known to work. Having been used is no proof: that may have failed.
    pub worked_at: Instant,
}

/// What may have to be ended when a connection is returned.
#[derive(Clone, Copy, Debug)]
pub enum Begun {
    Nothing,
    /// A statement that may still run when its caller no longer waits for it.
    Statement,
    Transaction,
}

impl<DB: PooledDatabase> Manager for Opener<DB> {
    type Type = Place<DB>;
    type Error = sqlx::Error;

    /// Tries again while the server is starting; [`ConnectionPool::check_out`] limits the time.
    async fn create(&self) -> sqlx::Result<Place<DB>> {
        while !self.closing.is_cancelled() {
            // Boxed, because it is large, rarely needed, and part of the future of every request.
            match Box::pin(self.open()).await {
                Err(error) if is_starting(&error) => sleep(RETRY_INTERVAL).await,
                opened => return opened.map(Some),
            }
        }
        Ok(None)
    }

    async fn recycle(&self, place: &mut Place<DB>, _: &Metrics) -> RecycleResult<sqlx::Error> {
        match place {
            Some(opened) if !self.closing.is_cancelled() => {
                if self
                    .settings
                    .replacement
                    .is_some_and(|limit| opened.at.elapsed() > limit.max_age)
                {
                    return Err(RecycleError::message("it is too old"));
                }
                opened.check().await.map_err(RecycleError::Backend)
            }
            _ => Ok(()),
        }
    }
}

impl<DB: PooledDatabase> Opener<DB> {
    async fn open(&self) -> sqlx::Result<Opened<DB>> {
        let mut connection = self.settings.options.connect().await?;
        if let Some(set_up) = self.settings.set_up {
            DB::run(&mut connection, set_up).await?;
        }
        self.opened.fetch_add(1, Ordering::SeqCst);
        let at = Instant::now();
        Ok(Opened {
            connection,
            at,
            worked_at: at,
        })
    }
}

fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl<DB: PooledDatabase> Opened<DB> {
    /// Pings the connection if it has not shown for some time that it works.
    async fn check(&mut self) -> sqlx::Result<()> {
        if self.worked_at.elapsed() > TRUSTED_WITHOUT_PING {
            let ping = timeout(PING_TIMEOUT, self.connection.ping());
            ping.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
            self.worked_at = Instant::now();
        }
        Ok(())
    }

    /// Ends what was begun and not committed.
    pub async fn clean_up(&mut self, begun: Begun) -> sqlx::Result<()> {
        let cleaning = async {
            match begun {
                Begun::Nothing => Ok(()),
                // The answer comes once the statement has ended.
                Begun::Statement => self.connection.ping().await,
                Begun::Transaction => DB::run(&mut self.connection, "ROLLBACK").await,
            }
        };
        timeout(CLEAN_UP_TIMEOUT, cleaning)
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    pub async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "a connection to the database could not be closed in order");
        }
    }
}

impl<DB: PooledDatabase> fmt::Debug for Opened<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("at", &self.at).finish_non_exhaustive()
    }
}
