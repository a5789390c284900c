//! Notices what other processes change: another instance, the command line, somebody with a database client.
//!
//! SQLite counts, for each connection, the commits of all others; that number is looked at several times a second.
//! PostgreSQL tells: triggers notify a channel (migrations 0010 and 0011), and a round trip on the connection that listens
//! proves that everything sent before has arrived.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor, Postgres, Sqlite};
use tokio::time::{sleep, timeout, timeout_at};
use uuid::Uuid;

use super::{ConnectionPool, DatabaseFile, Db, Freshness, Pools};
use crate::model::id::UserId;

/// Between two questions; two of them may fail before what is remembered is too old.
const INTERVAL: Duration = Duration::from_millis(300);
/// A connection that takes longer to answer is given up for a new one.
const PATIENCE: Duration = Duration::from_millis(500);
/// The channel of the schema that the tables are in, as the migration's triggers name it.
const CHANNEL: &str = "SELECT 'neptun_auth_' || md5(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.oid = 'sessions'::regclass";
/// What triggers send when it is not one user whose sessions changed.
const EVERYBODY: &str = "";

impl Db {
    /// Keeps what is known of changes up to date until the database is closed. While that fails, nothing is trusted.
    pub async fn watch(&self) {
        let freshness = &self.freshness;
        match &self.pools {
            Pools::Sqlite {
                writer,
                writers_opened,
                file,
                ..
            } => {
                let watching = again(freshness, || {
                    watch_sqlite(writer.pool(), writers_opened, file, freshness)
                });
                drop(writer.pool().pool().close_event().do_until(watching).await);
            }
            Pools::Postgres(pool) => {
                let watching = again(freshness, || watch_postgres(pool, freshness));
                drop(pool.pool().close_event().do_until(watching).await);
            }
        }
    }
}

/// Starts over whenever `watch` fails, and warns of the first failure of a row.
async fn again<F>(freshness: &Freshness, watch: impl Fn() -> F) -> Infallible
where
    F: Future<Output = anyhow::Result<Infallible>>,
{
    let mut is_known = false;
    loop {
        let started = Instant::now();
        let Err(error) = watch().await;
        freshness.distrust();
        let worked = started.elapsed() > 2 * (INTERVAL + PATIENCE);
        if worked || !is_known {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "changes of other processes can't be noticed; sessions are read from the database"
            );
        }
        is_known = true;
        sleep(INTERVAL).await;
    }
}

async fn watch_sqlite(
    writer: &ConnectionPool<Sqlite>,
    writers_opened: &AtomicU64,
    file: &DatabaseFile,
    freshness: &Freshness,
) -> anyhow::Result<Infallible> {
    let mut seen = None;
    loop {
        file.check_in_place()?;
        // The writer's own commits don't count for it, so only others' are seen. Each connection has a count of its own.
        let mut connection = writer.check_out().await?;
        let question = freshness.ask();
        let opened = writers_opened.load(Ordering::SeqCst);
        let count: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut *connection)
            .await?;
        drop(connection);
        if seen.replace((opened, count)) != Some((opened, count)) {
            freshness.everything_changed();
        }
        freshness.confirm(&question);
        sleep(INTERVAL).await;
    }
}

async fn watch_postgres(pool: &ConnectionPool<Postgres>, freshness: &Freshness) -> anyhow::Result<Infallible> {
    // A pool of its own: the service's may be in full use, and its connections come back.
    let own = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(pool.pool().connect_options().as_ref().clone());
    let mut listener = PgListener::connect_with(&own).await?;
    // What is missed while the connection is away would not be noticed.
    listener.eager_reconnect(false);
    let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&mut listener).await?;
    listener.listen(&channel).await?;
    prove_delivery(pool, &mut listener, &channel).await?;
    freshness.everything_changed();
    loop {
        let question = freshness.ask();
        timeout(PATIENCE, listener.execute("SELECT 1"))
            .await
            .context("the connection that listens does not answer")??;
        while let Some(notification) = listener.next_buffered() {
            note(freshness, notification.payload());
        }
        freshness.confirm(&question);
        let next = tokio::time::Instant::now() + INTERVAL;
        while let Ok(received) = timeout_at(next, listener.try_recv()).await {
            let notification = received?.context("the connection that listens was lost")?;
            note(freshness, notification.payload());
        }
    }
}

/// Behind a pooler that shares connections between transactions, listening succeeds and nothing ever comes.
async fn prove_delivery(
    pool: &ConnectionPool<Postgres>,
    listener: &mut PgListener,
    channel: &str,
) -> anyhow::Result<()> {
    let proof = Uuid::now_v7().to_string();
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(channel)
        .bind(&proof)
        .execute(&mut *pool.check_out().await?)
        .await?;
    let arrival = async {
        loop {
            match listener.try_recv().await? {
                Some(notification) if notification.payload() == proof => return Ok(()),
                Some(_) => {}
                None => bail!("the connection that listens was lost"),
            }
        }
    };
    let arrived = timeout(PATIENCE, arrival).await;
    ensure!(
        arrived.is_ok(),
        "notifications don't arrive: is there a pooler in front of PostgreSQL that shares connections?"
    );
    arrived?
}

/// Payloads are user ids. Instances say hello with ids that no user has.
fn note(freshness: &Freshness, payload: &str) {
    match payload.parse() {
        Ok(id) if payload != EVERYBODY => freshness.user_changed(UserId(id)),
        _ => freshness.everything_changed(),
    }
}

#[cfg(test)]
mod tests;
