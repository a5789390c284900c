//! Calls to a database over a network: each ends after a time, and a connection that failed is not used again.
//!
//! sqlx waits for an answer for ever, gives every statement a name, and keeps a connection whose server has become
//! read-only. So store functions run their SQL on a [`CheckedOut`], which hands it on to sqlx's connection.

use std::io::{Error as IoError, ErrorKind};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{TryFutureExt, TryStreamExt};
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Either, Execute, Executor, PgConnection, Postgres, SqlStr};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::{CheckedOut, PooledDatabase};

/// A connection that takes longer to end an abandoned statement or transaction is replaced.
pub const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(20);

type BoxFuture<'e, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'e>>;
type Answers = Vec<Either<PgQueryResult, PgRow>>;

/// How the calls of a pool's connections are made.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// A call that has no answer after this time fails, and its connection is closed. `None` where the database is a
    /// file.
    pub timeout: Option<Duration>,
    /// Whether statements stay prepared on the server, under a name. Behind a pooler that shares connections between
    /// transactions, the next statement may meet another server that does not know the name.
    pub keeps_statements: bool,
}

impl Calls {
    /// How long the answer to a call of this time may still take.
    pub fn remaining(self, since: Instant) -> Duration {
        let limit = self.timeout.unwrap_or(CLEAN_UP_TIMEOUT).min(CLEAN_UP_TIMEOUT);
        limit.saturating_sub(since.elapsed())
    }
}

/// What is known of the call that a connection made last.
#[derive(Clone, Copy, Debug)]
pub enum LastCall {
    Answered,
    /// It was made at this time. If its caller no longer waits, its answer is still to come.
    Waiting(Instant),
    /// It failed in a way that says: use another connection.
    Lost,
}

impl<DB: PooledDatabase> CheckedOut<DB> {
    /// Runs one statement that has no values and no rows.
    ///
    /// # Errors
    /// When the database refuses or does not answer in time.
    pub async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        let limit = self.ask();
        let outcome = timeout(limit, DB::run(self, sql)).await;
        self.learn(outcome)
    }

    /// Notes that a call begins, and returns how long it may take.
    fn ask(&mut self) -> Duration {
        self.last_call = LastCall::Waiting(Instant::now());
        self.calls.timeout.unwrap_or(Duration::MAX)
    }

    /// Notes how a call ended.
    fn learn<T>(&mut self, outcome: Result<sqlx::Result<T>, Elapsed>) -> sqlx::Result<T> {
        let outcome = outcome.unwrap_or_else(|_| Err(silence()));
        let is_lost = self.calls.timeout.is_some() && outcome.as_ref().is_err_and(ends_connection);
        self.last_call = if is_lost { LastCall::Lost } else { LastCall::Answered };
        outcome
    }
}

/// The error of a server that accepted a connection or a call, and says nothing.
pub fn silence() -> sqlx::Error {
    IoError::new(ErrorKind::TimedOut, "the server does not answer").into()
}

/// The error of a server on which nothing can be written.
pub fn read_only() -> sqlx::Error {
    IoError::new(
        ErrorKind::ReadOnlyFilesystem,
        "the server takes no writes: it is a standby, or its default is read-only",
    )
    .into()
}

/// Whether another connection may do better: this one is broken, or its server can't write or is stopping.
fn ends_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            let is_read_only = code == "25006";
            is_read_only || code.starts_with("08") || code.starts_with("57P")
        }),
        _ => false,
    }
}

/// A statement as its caller wrote it, which stays prepared only if the server is the same next time.
struct Call<E> {
    statement: E,
    stays_prepared: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Call<E> {
    fn sql(self) -> SqlStr {
        self.statement.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.statement.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<sqlx::postgres::PgArguments>, sqlx::error::BoxDynError> {
        self.statement.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.stays_prepared && self.statement.persistent()
    }
}

impl CheckedOut<Postgres> {
    fn call<E>(&self, statement: E) -> Call<E> {
        Call {
            statement,
            stays_prepared: self.calls.keeps_statements,
        }
    }

    fn connection(&mut self) -> &mut PgConnection {
        self
    }
}

/// No store function reads rows one by one, so all of them are read before the first is handed on.
impl<'c> Executor<'c> for &'c mut CheckedOut<Postgres> {
    type Database = Postgres;

    fn fetch_many<'e, 'q, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: Execute<'q, Postgres>,
        'q: 'e,
        E: 'q,
    {
        let answers = async move {
            let (call, limit) = (self.call(query), self.ask());
            let answers = self.connection().fetch_many(call).try_collect::<Answers>();
            let answers = timeout(limit, answers).await;
            self.learn(answers)
        };
        let answers = answers.map_ok(|answers| stream::iter(answers.into_iter().map(Ok)));
        Box::pin(answers.try_flatten_stream())
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: Execute<'q, Postgres>,
        'q: 'e,
        E: 'q,
    {
        Box::pin(async move {
            let (call, limit) = (self.call(query), self.ask());
            let row = timeout(limit, self.connection().fetch_optional(call)).await;
            self.learn(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let limit = self.ask();
            let statement = timeout(limit, self.connection().prepare_with(sql, parameters)).await;
            self.learn(statement)
        })
    }
}

#[cfg(test)]
mod tests;
