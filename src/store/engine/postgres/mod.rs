//! Opening PostgreSQL: reads its URL, refuses a server that the service can't work with, and migrates.

mod url;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection, Postgres, Row};
use tokio::time::timeout;

use super::pool::{Calls, ConnectionPool, Replacement, Settings};
use super::{DatabaseSetup, Look, Pools, Read, migrations};

/// A request that can't get a connection in this time is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the start waits for a server that is silent, read-only or not there.
const START_TIMEOUT: Duration = Duration::from_secs(5);
const REPLACEMENT: Replacement = Replacement {
    max_age: Duration::from_mins(30),
    max_idle: Duration::from_mins(10),
};
/// The first release with `CREATE OR REPLACE TRIGGER`, as PostgreSQL counts its releases.
const OLDEST_SERVER: i32 = 140_000;
const UNUSABLE: &str = "PostgreSQL at DATABASE_URL can't be used";

pub async fn open(setup: &DatabaseSetup) -> anyhow::Result<Pools> {
    let calls = Calls {
        timeout: Some(setup.timeout),
        keeps_statements: setup.keeps_statements,
    };
    let hosts = url::hosts(&setup.url, "DATABASE_URL")?;
    let direct = match &setup.direct_url {
        Some(url) => url::hosts(url, "DATABASE_DIRECT_URL")?,
        None => hosts.clone(),
    };
    set_up(direct.clone(), calls).await?;
    // Through a pooler that shares connections, LISTEN would stay on one, and its next user would be notified.
    let can_listen = setup.keeps_statements || setup.direct_url.is_some();
    let direct = if can_listen { direct } else { Vec::new() };
    let pool = ConnectionPool::new(Settings {
        hosts,
        max_size: setup.connections,
        acquire_timeout: ACQUIRE_TIMEOUT,
        calls,
        replacement: Some(REPLACEMENT),
    });
    pool.check_out().await.context(UNUSABLE)?;
    Ok(Pools::Postgres {
        pool,
        direct: Arc::from(direct),
    })
}

/// Lets `see` look at the database. Changes nothing.
pub async fn look<T>(setup: &DatabaseSetup, see: impl AsyncFnOnce(&mut Look) -> T) -> anyhow::Result<T> {
    let calls = Calls {
        timeout: Some(START_TIMEOUT),
        keeps_statements: setup.keeps_statements,
    };
    let pool = single(url::hosts(&setup.url, "DATABASE_URL")?, calls);
    let mut connection = pool.check_out().await.context(UNUSABLE)?;
    refuse_unfit(&mut connection).await?;
    let system = format!("PostgreSQL {}", show(&mut connection, "SHOW server_version").await?);
    let schema = migrations::schema_of_postgres(&mut connection).await?;
    drop(connection);
    let mut look = Look {
        system,
        schema,
        file: None,
        read: Read::Postgres(pool.check_out_for_statements().await.context(UNUSABLE)?),
    };
    let seen = see(&mut look).await;
    drop(look);
    pool.close().await;
    Ok(seen)
}

/// A pool with one connection, which may take as long to open as a start may wait.
fn single(hosts: Vec<PgConnectOptions>, calls: Calls) -> ConnectionPool<Postgres> {
    ConnectionPool::new(Settings {
        hosts,
        max_size: 1,
        acquire_timeout: START_TIMEOUT,
        calls,
        replacement: None,
    })
}

/// Checks and migrates on a connection of its own, because a long migration must not meet the bounds of requests.
async fn set_up(hosts: Vec<PgConnectOptions>, calls: Calls) -> anyhow::Result<()> {
    let pool = single(hosts, Calls { timeout: None, ..calls });
    let mut connection = pool.check_out().await.context(UNUSABLE)?;
    timeout(START_TIMEOUT, refuse_unfit(&mut connection))
        .await
        .context("PostgreSQL at DATABASE_URL does not answer")??;
    migrations::migrate_postgres(&mut connection)
        .await
        .context("migrating the PostgreSQL database")?;
    drop(connection);
    pool.close().await;
    Ok(())
}

/// Refuses a server before anything is changed on it.
async fn refuse_unfit(connection: &mut PgConnection) -> anyhow::Result<()> {
    let version = show(connection, "SHOW server_version_num").await?;
    let encoding = show(connection, "SHOW server_encoding").await?;
    require(version.parse()?, &encoding)
}

async fn show(connection: &mut PgConnection, statement: &'static str) -> anyhow::Result<String> {
    Ok(connection.fetch_one(statement).await?.try_get(0)?)
}

fn require(version: i32, encoding: &str) -> anyhow::Result<()> {
    ensure!(
        version >= OLDEST_SERVER,
        "PostgreSQL {} is too old: {} or later is needed",
        version / 10_000,
        OLDEST_SERVER / 10_000
    );
    ensure!(
        encoding == "UTF8",
        "the database at DATABASE_URL has the encoding {encoding}, which can't hold every name: create one with \
         `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::require;

    #[test]
    fn old_servers_and_other_encodings_are_refused_with_a_sentence() {
        require(140_000, "UTF8").unwrap();
        require(180_001, "UTF8").unwrap();
        let old = require(130_023, "UTF8").unwrap_err().to_string();
        assert!(old.contains("PostgreSQL 13 is too old: 14 or later"), "{old}");
        let encoding = require(150_000, "LATIN1").unwrap_err().to_string();
        assert!(encoding.contains("LATIN1"), "{encoding}");
        require(150_000, "SQL_ASCII").unwrap_err();
    }
}
