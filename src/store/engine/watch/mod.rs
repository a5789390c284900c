//! Notices what other processes change: another instance, the command line, an operator with a database client.
//!
//! SQLite counts, for each connection, the commits of all others. The watch reads that number about three times a
//! second. PostgreSQL notifies: triggers send to a channel (migrations 0010 and 0011), and a round trip on the
//! listening connection proves that everything sent before it has arrived.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Executor, Postgres, Sqlite};
use tokio::time::{sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::pool::refuse_read_only;
use super::{ConnectionPool, DatabaseFile, Db, Freshness, Pools};
use crate::model::id::UserId;

/// Pause between two questions. Two in a row may fail before what is remembered is too old.
const INTERVAL: Duration = Duration::from_millis(300);
/// A connection that takes longer to answer is replaced by a new one.
const PATIENCE: Duration = Duration::from_millis(500);
/// The channel of the schema that the tables are in, as the migration's triggers name it.
const CHANNEL: &str = "SELECT 'neptun_auth_' || md5(n.nspname) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'sessions'::regclass";
/// The payload of a trigger when sessions of more than one account may have changed.
const ALL_ACCOUNTS: &str = "";

impl Db {
    /// Tells [`Freshness`] about changes of other processes until the database is closed. While that fails, nothing is
    /// trusted.
    pub async fn watch(&self) {
        let freshness = &self.freshness;
        match &self.pools {
            Pools::Sqlite { writer, file, .. } => {
                let closing = writer.pool().closing();
                let watching = again(freshness, closing, || watch_sqlite(writer.pool(), file, freshness));
                closing.run_until_cancelled(watching).await;
            }
            Pools::Postgres { pool, direct } => {
                let closing = pool.closing();
                let watching = again(freshness, closing, || watch_postgres(pool, direct, freshness));
                closing.run_until_cancelled(watching).await;
            }
        }
    }
}

/// Starts over whenever `watch` fails, and warns of the first failure of a series.
async fn again<F>(freshness: &Freshness, closing: &CancellationToken, watch: impl Fn() -> F)
where
    F: Future<Output = anyhow::Result<Infallible>>,
{
    let mut is_known = false;
    loop {
        let started = Instant::now();
        let Err(error) = watch().await;
        freshness.distrust();
        // The database can close in the middle of a look, which then fails for no other reason.
        if closing.is_cancelled() {
            return;
        }
        let worked = started.elapsed() > 2 * (INTERVAL + PATIENCE);
        if worked || !is_known {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "changes by other processes can't be noticed now, so every session check reads the database"
            );
        }
        is_known = true;
        sleep(INTERVAL).await;
    }
}

async fn watch_sqlite(
    writer: &ConnectionPool<Sqlite>,
    file: &DatabaseFile,
    freshness: &Freshness,
) -> anyhow::Result<Infallible> {
    let mut seen = None;
    loop {
        file.check_in_place()?;
        // SQLite leaves a connection's own commits out of its count, and all commits of this process are the writer's.
        // A replaced connection counts anew, so what others did in between may be missing.
        let mut connection = writer.check_out().await?;
        let question = freshness.ask();
        let opened = writer.opened();
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

async fn watch_postgres(
    pool: &ConnectionPool<Postgres>,
    direct: &[PgConnectOptions],
    freshness: &Freshness,
) -> anyhow::Result<Infallible> {
    let lost = pool.lost();
    let mut listener = listen(direct).await?;
    // Reconnecting silently would hide that notifications were missed. An error starts the watch over instead.
    listener.eager_reconnect(false);
    let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&mut listener).await?;
    listener.listen(&channel).await?;
    prove_delivery(pool, &mut listener, &channel).await?;
    freshness.everything_changed();
    loop {
        // What other connections have lost may have moved to another server, which this one would hear nothing from.
        ensure!(pool.lost() == lost, "connections to the database were lost");
        let question = freshness.ask();
        timeout(PATIENCE, listener.execute("SELECT 1"))
            .await
            .context("the connection that listens for changes does not answer")??;
        while let Some(notification) = listener.next_buffered() {
            note(freshness, notification.payload());
        }
        freshness.confirm(&question);
        let next = tokio::time::Instant::now() + INTERVAL;
        while let Ok(received) = timeout_at(next, listener.try_recv()).await {
            let notification = received?.context("the connection that listens for changes was lost")?;
            note(freshness, notification.payload());
        }
    }
}

/// Connects to the first host that can be written to; a standby sends no notifications.
async fn listen(hosts: &[PgConnectOptions]) -> anyhow::Result<PgListener> {
    let mut latest = None;
    for host in hosts {
        // A pool of its own: all connections of the service's may be checked out, and this one is never returned.
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .after_connect(|connection, _| Box::pin(refuse_read_only(connection)))
            .connect_lazy_with(host.clone());
        match PgListener::connect_with(&own).await {
            Ok(listener) => return Ok(listener),
            Err(error) => latest = Some(error),
        }
    }
    Err(latest.map_or_else(
        || anyhow!("no notifications arrive through a pooler: set DATABASE_DIRECT_URL to the server"),
        Into::into,
    ))
}

/// Behind a pooler that shares connections between transactions, LISTEN succeeds and no notification ever comes.
async fn prove_delivery(
    pool: &ConnectionPool<Postgres>,
    listener: &mut PgListener,
    channel: &str,
) -> anyhow::Result<()> {
    let proof = Uuid::now_v7().to_string();
    let mut proving = pool.check_out_for_statements().await?;
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(channel)
        .bind(&proof)
        .execute(&mut proving)
        .await?;
    proving.commit().await?;
    let arrival = async {
        loop {
            match listener.try_recv().await? {
                Some(notification) if notification.payload() == proof => return Ok(()),
                Some(_) => {}
                None => bail!("the connection that listens for changes was lost"),
            }
        }
    };
    let arrived = timeout(PATIENCE, arrival).await;
    ensure!(
        arrived.is_ok(),
        "notifications don't arrive: if there is a pooler, set DATABASE_DIRECT_URL to the server itself"
    );
    arrived?
}

/// A payload is the id of an account. The proof of an instance is an id that no account has, so it does no harm.
fn note(freshness: &Freshness, payload: &str) {
    match payload.parse() {
        Ok(id) if payload != ALL_ACCOUNTS => freshness.user_changed(UserId(id)),
        _ => freshness.everything_changed(),
    }
}

#[cfg(test)]
mod tests;
