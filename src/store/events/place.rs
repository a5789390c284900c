//! Where reading the audit log begins.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, Result, on};
use crate::model::event::EventPlace;

/// Selects the place before the first event of those that `$column` puts first among `$behind`.
///
/// Events are committed in about the order of their times. So the one that was committed first is among the first
/// thousand by time, and the rest of the log is not read.
macro_rules! place_before_on_sqlite {
    ($behind:literal, $column:literal) => {
        concat!(
            "SELECT '0' AS \"transaction\", COALESCE((SELECT MIN(number) - 1 FROM (SELECT number FROM events WHERE ",
            $behind,
            " ORDER BY ",
            $column,
            " LIMIT 1000)), (SELECT MAX(number) FROM events), 0) AS number"
        )
    };
}

/// The same on PostgreSQL. Transactions that are open may have such events too, and come before some that have ended.
macro_rules! place_before_on_postgres {
    ($behind:literal, $column:literal) => {
        concat!(
            "WITH near AS MATERIALIZED (SELECT transaction_id, number FROM events WHERE ",
            $behind,
            " ORDER BY ",
            $column,
            " LIMIT 1000) SELECT \"transaction\", number FROM (\
            (SELECT transaction_id::text AS \"transaction\", number - 1 AS number, 1 AS choice FROM near \
            WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY transaction_id, number LIMIT 1) \
            UNION ALL (SELECT pg_snapshot_xmin(pg_current_snapshot())::text, 0::bigint, 2)) AS places \
            ORDER BY choice LIMIT 1"
        )
    };
}

pub(super) const SINCE_ON_SQLITE: &str = place_before_on_sqlite!("happened_at >= $1", "happened_at");
pub(super) const SINCE_ON_POSTGRES: &str = place_before_on_postgres!("happened_at >= $1", "happened_at");

/// The place of the event `id`; `None` if it is not kept.
pub async fn place(conn: Conn<'_>, id: Uuid) -> Result<Option<EventPlace>> {
    const SQLITE: &str = "SELECT '0' AS \"transaction\", number FROM events WHERE id = $1";
    const POSTGRES: &str = "SELECT transaction_id::text AS \"transaction\", number FROM events WHERE id = $1";
    let sql = conn.either(SQLITE, POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).bind(id).fetch_optional(c).await?))
}

/// The place before the first event that happened at `time` or later. Without one, what is read begins with the next.
pub async fn place_since(conn: Conn<'_>, time: DateTime<Utc>) -> Result<EventPlace> {
    let sql = conn.either(SINCE_ON_SQLITE, SINCE_ON_POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).bind(time).fetch_one(c).await?))
}

/// The place before the first event whose id is behind `id`. Ids of version 7 begin with their time.
pub async fn place_behind(conn: Conn<'_>, id: Uuid) -> Result<EventPlace> {
    const SQLITE: &str = place_before_on_sqlite!("id > $1", "id");
    const POSTGRES: &str = place_before_on_postgres!("id > $1", "id");
    let sql = conn.either(SQLITE, POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).bind(id).fetch_one(c).await?))
}

/// The place before the next event.
pub async fn place_of_now(conn: Conn<'_>) -> Result<EventPlace> {
    const SQLITE: &str = "SELECT '0' AS \"transaction\", COALESCE(MAX(number), 0) AS number FROM events";
    // Everything below this transaction has ended, and whatever is above it is still to be read.
    const POSTGRES: &str =
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS \"transaction\", 0::bigint AS number";
    let sql = conn.either(SQLITE, POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).fetch_one(c).await?))
}
