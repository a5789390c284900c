//! Where reading the audit log begins.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Conn, Database, Result, on};
use crate::model::event::EventPlace;

/// Selects the place before the first event of those that `$near` chooses.
///
/// Events are committed in about the order of their times: an event is stored within seconds of its time. So the one
/// that was committed first is among the first thousand by time, those of the same second, and those of the minute
/// behind them. The rest of the log is not read.
macro_rules! place_before_on_sqlite {
    ($near:literal) => {
        concat!(
            // The sign keeps SQLite from looking through the log in the order of the numbers.
            "SELECT '0' AS \"transaction\", COALESCE((SELECT MIN(+number) - 1 FROM events WHERE ",
            $near,
            "), (SELECT MAX(number) FROM events), 0) AS number"
        )
    };
}

/// The same on PostgreSQL. Transactions that are open may have such events too, and come before some that have ended.
macro_rules! place_before_on_postgres {
    ($near:literal) => {
        concat!(
            "WITH near AS MATERIALIZED (SELECT transaction_id, number FROM events WHERE ",
            $near,
            ") SELECT \"transaction\", number FROM (\
            (SELECT transaction_id::text AS \"transaction\", number - 1 AS number, 1 AS choice FROM near \
            WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY transaction_id, number LIMIT 1) \
            UNION ALL (SELECT pg_snapshot_xmin(pg_current_snapshot())::text, 0::bigint, 2)) AS places \
            ORDER BY choice LIMIT 1"
        )
    };
}

/// Selects the time of the thousandth event.
pub(super) const THOUSANDTH: &str =
    "SELECT happened_at FROM events WHERE happened_at >= $1 ORDER BY happened_at LIMIT 1 OFFSET 999";
pub(super) const SINCE_ON_SQLITE: &str = place_before_on_sqlite!("happened_at >= $1 AND happened_at <= $2");
pub(super) const SINCE_ON_POSTGRES: &str = place_before_on_postgres!("happened_at >= $1 AND happened_at <= $2");

/// A time that no event has.
const END_OF_TIME: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(end) => end,
    None => DateTime::<Utc>::MAX_UTC,
};

/// A minute in ids of version 7, which begin with their time.
const MINUTE_OF_IDS: u128 = 60_000 << 80;

/// The place of the event `id`; `None` if it is not kept.
pub async fn place(conn: Conn<'_>, id: Uuid) -> Result<Option<EventPlace>> {
    const SQLITE: &str = "SELECT '0' AS \"transaction\", number FROM events WHERE id = $1";
    const POSTGRES: &str = "SELECT transaction_id::text AS \"transaction\", number FROM events WHERE id = $1";
    let sql = conn.either(SQLITE, POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).bind(id).fetch_optional(c).await?))
}

/// Whether the server has come to `place`. One of another PostgreSQL server may be ahead of all events for years.
pub async fn is_reached(conn: Conn<'_>, place: &EventPlace) -> Result<bool> {
    const SQL: &str = "SELECT $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())";
    match conn.database {
        Database::Sqlite(_) => Ok(true),
        Database::Postgres(c) => Ok(sqlx::query_scalar(SQL).bind(&place.transaction).fetch_one(c).await?),
    }
}

/// The place before the first event that happened at `time` or later. Without one, what is read begins with the next.
pub async fn place_since(conn: Conn<'_>, time: DateTime<Utc>) -> Result<EventPlace> {
    let sql = conn.either(SINCE_ON_SQLITE, SINCE_ON_POSTGRES);
    Ok(on!(conn, c => {
        let last: Option<DateTime<Utc>> = sqlx::query_scalar(THOUSANDTH).bind(time).fetch_optional(&mut *c).await?;
        let end = last.and_then(|last| last.checked_add_signed(TimeDelta::minutes(1)));
        sqlx::query_as(sql).bind(time).bind(end.unwrap_or(END_OF_TIME)).fetch_one(c).await?
    }))
}

/// The place before the first event whose id was made later than a minute before `id`. Less would leave out an event
/// whose id was made earlier and whose transaction was committed later.
pub async fn place_behind(conn: Conn<'_>, id: Uuid) -> Result<EventPlace> {
    const THOUSANDTH: &str = "SELECT id FROM events WHERE id > $1 ORDER BY id LIMIT 1 OFFSET 999";
    const SQLITE: &str = place_before_on_sqlite!("id > $1 AND id <= $2");
    const POSTGRES: &str = place_before_on_postgres!("id > $1 AND id <= $2");
    let sql = conn.either(SQLITE, POSTGRES);
    let start = Uuid::from_u128(id.as_u128().saturating_sub(MINUTE_OF_IDS));
    Ok(on!(conn, c => {
        let last: Option<Uuid> = sqlx::query_scalar(THOUSANDTH).bind(start).fetch_optional(&mut *c).await?;
        let end = last.map_or(u128::MAX, |last| last.as_u128().saturating_add(MINUTE_OF_IDS));
        sqlx::query_as(sql).bind(start).bind(Uuid::from_u128(end)).fetch_one(c).await?
    }))
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
