//! How a connection of the pool is opened, when it is pinged or replaced, and how it is left clean.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use futures_util::TryStreamExt;
use futures_util::future::select_ok;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Postgres, Row, Sqlite, SqliteConnection};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::calls::{Calls, read_only, silence};

/// A connection that worked this short a time ago is taken to work still.
pub const TRUSTED_WITHOUT_PING: Duration = Duration::from_millis(100);
/// A connection that takes longer to answer a ping is replaced.
const PING_TIMEOUT: Duration = Duration::from_millis(500);
/// Pauses between attempts to connect to a server that is starting double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// What is left of a caller's time when connecting gives up, so that its error and not the caller's time-out is told.
const REPORTING_TIME: Duration = Duration::from_millis(100);
/// Of several hosts, each gets this head start before the next one is tried too.
const HEAD_START: Duration = Duration::from_millis(300);

/// A kind of database that is connected to.
pub trait PooledDatabase: sqlx::Database {
    /// Runs one statement that has no values and no rows.
    fn run(connection: &mut Self::Connection, sql: &'static str) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Fails if the connection does not work, or if nothing can be written by it.
    fn check(connection: &mut Self::Connection) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Lets the server end what was left hanging: statements after three quarters of `timeout`, transactions without a
    /// next statement after half of it, and what waits for a lock after a quarter.
    fn bound(connection: &mut Self::Connection, timeout: Duration) -> impl Future<Output = sqlx::Result<()>> + Send;
}

pub type Options<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

impl PooledDatabase for Sqlite {
    async fn run(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
        // A thread that dies ends the stream without a word, and that must not pass for a commit.
        let outcome = connection.fetch_many(sql).try_next().await?;
        outcome.map(drop).ok_or(sqlx::Error::WorkerCrashed)
    }

    async fn check(connection: &mut SqliteConnection) -> sqlx::Result<()> {
        connection.ping().await
    }

    async fn bound(_: &mut SqliteConnection, _: Duration) -> sqlx::Result<()> {
        Ok(())
    }
}

impl PooledDatabase for Postgres {
    async fn run(connection: &mut PgConnection, sql: &'static str) -> sqlx::Result<()> {
        connection.execute(sql).await.map(drop)
    }

    async fn check(connection: &mut PgConnection) -> sqlx::Result<()> {
        refuse_read_only(connection).await
    }

    async fn bound(connection: &mut PgConnection, timeout: Duration) -> sqlx::Result<()> {
        const SQL: &str = "SELECT set_config('statement_timeout', $1, false), \
            set_config('idle_in_transaction_session_timeout', $2, false), set_config('lock_timeout', $3, false)";
        let milliseconds = |share: Duration| share.as_millis().to_string();
        sqlx::query(SQL)
            .bind(milliseconds(timeout * 3 / 4))
            .bind(milliseconds(timeout / 2))
            .bind(milliseconds(timeout / 4))
            .persistent(false)
            .execute(connection)
            .await
            .map(drop)
    }
}

/// Fails if nothing can be written by `connection`: its server is a standby, or its administrator or a full disk has
/// made it read-only.
///
/// # Errors
/// That, and when the connection does not work.
pub async fn refuse_read_only(connection: &mut PgConnection) -> sqlx::Result<()> {
    let answer = connection.fetch_one("SHOW transaction_read_only").await?;
    let is_read_only: String = answer.try_get(0)?;
    if is_read_only == "off" {
        Ok(())
    } else {
        Err(read_only())
    }
}

/// How many connections there may be, and how they are opened.
#[derive(Debug)]
pub struct Settings<DB: PooledDatabase> {
    /// One for each host. Connections go to the first that can be written to.
    pub hosts: Vec<Options<DB>>,
    pub max_size: usize,
    /// A caller that has no connection after this time gets an error.
    pub acquire_timeout: Duration,
    pub calls: Calls,
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
    /// The number of connections that failed in use so far.
    pub lost: AtomicU64,
    /// The host that the last connection was opened to.
    pub preferred: AtomicUsize,
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

    /// Tries again while the server is starting or another one takes its place, for as long as
    /// [`ConnectionPool::check_out`](super::ConnectionPool::check_out) waits.
    async fn create(&self) -> sqlx::Result<Place<DB>> {
        let (mut latest, mut pause) = (None, FIRST_PAUSE);
        let connecting = async {
            while !self.closing.is_cancelled() {
                // Boxed, because it is large, rarely needed, and part of the future of every request.
                match Box::pin(self.open()).await {
                    Err(error) if is_starting(&error) => latest = Some(error),
                    opened => return opened.map(Some),
                }
                sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            Ok(None)
        };
        let limit = self.settings.acquire_timeout.saturating_sub(REPORTING_TIME);
        match timeout(limit, connecting).await {
            Ok(outcome) => outcome,
            Err(_) => Err(latest.unwrap_or_else(silence)),
        }
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
    /// Connects to the host that worked last, and soon to the next ones too if it does not answer.
    async fn open(&self) -> sqlx::Result<Opened<DB>> {
        let (hosts, first) = (&self.settings.hosts, self.preferred.load(Ordering::Relaxed));
        let attempts = hosts.iter().cycle().skip(first).take(hosts.len()).zip(0..);
        let attempts = attempts.map(|(host, turn)| {
            Box::pin(async move {
                sleep(HEAD_START * turn).await;
                let opened = self.open_at(host).await?;
                let preferred = (first + turn as usize) % hosts.len();
                self.preferred.store(preferred, Ordering::Relaxed);
                Ok::<_, sqlx::Error>(opened)
            })
        });
        let (opened, _slower) = select_ok(attempts).await?;
        Ok(opened)
    }

    async fn open_at(&self, host: &Options<DB>) -> sqlx::Result<Opened<DB>> {
        let mut connection = host.connect().await?;
        DB::check(&mut connection).await?;
        // Behind a pooler it would bound other programs' transactions, or none.
        if let Some(timeout) = self
            .settings
            .calls
            .timeout
            .filter(|_| self.settings.calls.keeps_statements)
        {
            DB::bound(&mut connection, timeout).await?;
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
        // Also a server that is read-only until it is promoted, and a proxy that has no server at the moment.
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl<DB: PooledDatabase> Opened<DB> {
    /// Pings the connection if it has not shown for some time that it works.
    async fn check(&mut self) -> sqlx::Result<()> {
        if self.worked_at.elapsed() > TRUSTED_WITHOUT_PING {
            let check = timeout(PING_TIMEOUT, DB::check(&mut self.connection));
            check.await.map_err(|_| silence())??;
            self.worked_at = Instant::now();
        }
        Ok(())
    }

    /// Ends what was begun and not committed, within `limit`.
    pub async fn clean_up(&mut self, begun: Begun, limit: Duration) -> sqlx::Result<()> {
        let cleaning = async {
            match begun {
                Begun::Nothing => Ok(()),
                // The answer comes once the statement has ended.
                Begun::Statement => self.connection.ping().await,
                Begun::Transaction => DB::run(&mut self.connection, "ROLLBACK").await,
            }
        };
        timeout(limit, cleaning).await.map_err(|_| silence())?
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
