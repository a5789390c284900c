//! The devices and networks from which an account was used.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Conn, Result, on};
use crate::model::client::Client;
use crate::model::device::{Device, ListedDevice};
use crate::model::id::UserId;

/// Where an account has seen a family of devices.
#[derive(Debug, Clone, Copy, sqlx_macros::FromRow)]
pub struct SeenFamily {
    pub anywhere: bool,
    pub in_this_network: bool,
}

/// Where `user` has seen the family of `client`'s device.
pub async fn with_family(conn: Conn<'_>, user: UserId, client: &Client) -> Result<SeenFamily> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM devices WHERE user_id = $1 AND family = $2) AS anywhere, \
        EXISTS (SELECT 1 FROM devices WHERE user_id = $1 AND family = $2 AND network = $3) AS in_this_network";
    Ok(on!(conn, c => {
        sqlx::query_as(SQL).bind(user).bind(client.family()).bind(stored_network(client)).fetch_one(c).await?
    }))
}

/// Whether an account, whichever it is, knows the network or the device of `client`.
pub async fn is_known_to_any_account(conn: Conn<'_>, client: &Client, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM devices WHERE network = $1 AND last_seen_at > $2) \
        OR EXISTS (SELECT 1 FROM users WHERE id = $3 AND device_generation = $4)";
    Ok(on!(conn, c => {
        sqlx::query_scalar(SQL)
            .bind(client.provider_range().map(|network| network.to_string()))
            .bind(now - TimeDelta::days(Device::NETWORK_DAYS))
            .bind(client.device.map(|device| device.user))
            .bind(client.device.map(|device| i64::from(device.generation)))
            .fetch_one(c)
            .await?
    }))
}

/// Notes that `client` signed in as `user`.
pub async fn note(conn: Conn<'_>, user: UserId, client: &Client, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO devices (user_id, family, network, first_seen_at, last_seen_at) \
        VALUES ($1, $2, $3, $4, $4) ON CONFLICT (user_id, family, network) DO UPDATE SET last_seen_at = $4";
    on!(conn, c => {
        sqlx::query(SQL).bind(user).bind(client.family()).bind(stored_network(client)).bind(now).execute(c).await?;
    });
    Ok(())
}

/// Deletes the devices of `user` that were not seen for longest, if there are more than `at_most`.
pub async fn delete_surplus(conn: Conn<'_>, user: UserId, at_most: u32) -> Result<()> {
    // SQLite knows no OFFSET without a LIMIT. One log-in adds one device, so one is surplus at most.
    const SQL: &str = "DELETE FROM devices WHERE user_id = $1 AND (family, network) IN \
        (SELECT family, network FROM devices WHERE user_id = $1 \
        ORDER BY last_seen_at DESC, family, network LIMIT 1000 OFFSET $2)";
    on!(conn, c => { sqlx::query(SQL).bind(user).bind(i64::from(at_most)).execute(c).await?; });
    Ok(())
}

/// The network of `client` as the column `network` holds it.
pub(super) fn stored_network(client: &Client) -> String {
    client
        .provider_range()
        .map_or_else(|| "unknown".to_owned(), |network| network.to_string())
}

/// At most `limit` devices of `user`, the latest used first.
pub async fn of_user(conn: Conn<'_>, user: UserId, limit: u32) -> Result<Vec<ListedDevice>> {
    const SQL: &str = "SELECT family, network, first_seen_at, last_seen_at FROM devices \
        WHERE user_id = $1 ORDER BY last_seen_at DESC LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).bind(i64::from(limit)).fetch_all(c).await?))
}

/// Deletes every device of `user` but that of `client`.
pub async fn delete_others(conn: Conn<'_>, user: UserId, client: &Client) -> Result<()> {
    const SQL: &str = "DELETE FROM devices WHERE user_id = $1 AND NOT (family = $2 AND network = $3)";
    on!(conn, c => {
        sqlx::query(SQL).bind(user).bind(client.family()).bind(stored_network(client)).execute(c).await?;
    });
    Ok(())
}

/// Deletes at most `limit` devices that were not seen since `unseen_since`; returns how many.
pub async fn purge(conn: Conn<'_>, unseen_since: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQL: &str = "DELETE FROM devices WHERE (user_id, family, network) IN \
        (SELECT user_id, family, network FROM devices WHERE last_seen_at <= $1 ORDER BY last_seen_at LIMIT $2) \
        AND last_seen_at <= $1";
    Ok(on!(conn, c => sqlx::query(SQL).bind(unseen_since).bind(limit).execute(c).await?.rows_affected()))
}
