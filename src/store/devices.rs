//! The devices and networks from which an account was used.

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};
use crate::model::client::Client;
use crate::model::device::ListedDevice;
use crate::model::id::UserId;

/// Whether `user` has devices, but none of this family: a browser and system that is new to the account.
pub async fn has_only_other_families(conn: Conn<'_>, user: UserId, family: &str) -> Result<bool> {
    const SQL: &str = "SELECT COUNT(*), COUNT(CASE WHEN family = $2 THEN 1 END) FROM devices WHERE user_id = $1";
    let (all, same): (i64, i64) = on!(conn, c => sqlx::query_as(SQL).bind(user).bind(family).fetch_one(c).await?);
    Ok(all > 0 && same == 0)
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
