//! The audit log. A deed records its event in its own transaction, so that there is never one without the other.

mod place;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::engine::Database;
use super::{Conn, Result, Tx, on};
use crate::model::event::{Deletion, Event, EventKind, EventPlace, ListedEvent, LoggedEvent};
use crate::model::id::UserId;
use crate::model::webhook::{PlacedEvent, Webhook};
pub use place::{is_reached, place, place_behind, place_of_now, place_since};

/// Inserts an event of these values for each row of `$rows`: a table that may turn out empty.
macro_rules! insert_event {
    ($id:literal, $user:literal, $kind:literal, $at:literal, $session:literal, $actor:literal, $network:literal,
        $browser:literal, $data:literal, $rows:literal) => {
        concat!(
            "INSERT INTO events (id, user_id, kind, happened_at, session_id, actor, network, browser, data) SELECT ",
            $id,
            ", ",
            $user,
            ", ",
            $kind,
            ", ",
            $at,
            ", ",
            $session,
            ", ",
            $actor,
            ", ",
            $network,
            ", ",
            $browser,
            ", ",
            $data,
            " FROM ",
            $rows
        )
    };
}
pub(super) use insert_event;

/// Selects events behind a place, with `$condition` beside it.
macro_rules! select_logged_on_sqlite {
    ($condition:literal) => {
        concat!(
            "SELECT '0' AS \"transaction\", number, id, user_id, kind, happened_at, session_id, actor, network, ",
            "browser, data FROM events WHERE $1 = $1 AND number > $2 ",
            $condition,
            "ORDER BY number LIMIT $3"
        )
    };
}

/// The same on PostgreSQL.
macro_rules! select_logged_on_postgres {
    ($condition:literal) => {
        concat!(
            "SELECT transaction_id::text AS \"transaction\", number, id, user_id, kind, happened_at, session_id, ",
            "actor, network, browser, data FROM events WHERE (transaction_id, number) > ($1::text::xid8, $2) ",
            "AND transaction_id < pg_snapshot_xmin(pg_current_snapshot()) ",
            $condition,
            "ORDER BY transaction_id, number LIMIT $3"
        )
    };
}

/// [`insert_event`] with its nine values bound in order.
macro_rules! insert_one {
    ($rows:literal) => {
        insert_event!("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", $rows)
    };
}

/// Records that something happened. Call it in the transaction of the deed.
pub async fn record(conn: Conn<'_>, event: &Event) -> Result<()> {
    insert(conn, insert_one!("(SELECT 1) AS once"), event).await
}

/// Records something that has no transaction of its own, unless the account was deleted since.
pub async fn record_if_account_exists(conn: Conn<'_>, event: &Event) -> Result<()> {
    insert(conn, insert_one!("users WHERE id = $2"), event).await
}

async fn insert(conn: Conn<'_>, sql: &'static str, event: &Event) -> Result<()> {
    on!(conn, c => {
        sqlx::query(sql)
            .bind(event.id)
            .bind(event.user)
            .bind(event.kind.name())
            .bind(event.at)
            .bind(event.session)
            .bind(event.actor.name())
            .bind(&event.network)
            .bind(&event.browser)
            .bind(event.data())
            .execute(c)
            .await?;
    });
    Ok(())
}

/// At most `limit` events of `user`, the latest first. With `before`, those that come before that event of the same
/// account; none if there is no such event.
pub async fn of_user(conn: Conn<'_>, user: UserId, before: Option<Uuid>, limit: u32) -> Result<Vec<ListedEvent>> {
    const FIRST: &str = "SELECT id, kind, happened_at, session_id, actor, network, browser, data FROM events \
        WHERE user_id = $1 ORDER BY number DESC LIMIT $2";
    const NEXT: &str = "SELECT id, kind, happened_at, session_id, actor, network, browser, data FROM events \
        WHERE user_id = $1 AND number < (SELECT number FROM events WHERE id = $3 AND user_id = $1) \
        ORDER BY number DESC LIMIT $2";
    Ok(on!(conn, c => {
        let query = sqlx::query_as(if before.is_some() { NEXT } else { FIRST }).bind(user).bind(i64::from(limit));
        match before {
            Some(before) => query.bind(before).fetch_all(c).await?,
            None => query.fetch_all(c).await?,
        }
    }))
}

/// Erases every event of a deleted account. Record the deletion itself afterwards.
pub async fn erase(conn: Conn<'_>, user: UserId) -> Result<()> {
    const SQL: &str = "DELETE FROM events WHERE user_id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(user).execute(c).await?; });
    Ok(())
}

/// Deletes at most `limit` events that happened at `until` or before, the first of all first; returns how many.
pub async fn purge(conn: Conn<'_>, until: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQLITE: &str = "DELETE FROM events WHERE happened_at <= $1 AND number IN \
        (SELECT number FROM events ORDER BY number LIMIT $2)";
    const POSTGRES: &str = "DELETE FROM events WHERE happened_at <= $1 AND id IN \
        (SELECT id FROM events ORDER BY transaction_id, number LIMIT $2)";
    let sql = conn.either(SQLITE, POSTGRES);
    Ok(on!(conn, c => sqlx::query(sql).bind(until).bind(limit).execute(c).await?.rows_affected()))
}

/// At most `limit` events after the place of `webhook`, in the order of their commits. On PostgreSQL an event waits
/// until every transaction that began before its own has ended; nothing can come before it then.
pub async fn after(conn: Conn<'_>, webhook: &Webhook, limit: i64) -> Result<Vec<PlacedEvent>> {
    const SQLITE: &str = "SELECT id, user_id, kind, happened_at, '0' AS \"transaction\", number FROM events \
        WHERE $1 = $1 AND number > $2 ORDER BY number LIMIT $3";
    const POSTGRES: &str = "SELECT id, user_id, kind, happened_at, transaction_id::text AS \"transaction\", number \
        FROM events WHERE (transaction_id, number) > ($1::text::xid8, $2) \
        AND transaction_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY transaction_id, number LIMIT $3";
    let sql = conn.either(SQLITE, POSTGRES);
    Ok(on!(conn, c => {
        sqlx::query_as(sql)
            .bind(&webhook.cursor_transaction)
            .bind(webhook.cursor_number)
            .bind(limit)
            .fetch_all(c)
            .await?
    }))
}

/// At most `limit` events behind `place`, of `user` or of all, in the order of their commits; see [`after`].
pub async fn logged(conn: Conn<'_>, place: &EventPlace, user: Option<UserId>, limit: u32) -> Result<Vec<LoggedEvent>> {
    const SQLITE: &str = select_logged_on_sqlite!("");
    const SQLITE_OF_USER: &str = select_logged_on_sqlite!("AND user_id = $4 ");
    const POSTGRES: &str = select_logged_on_postgres!("");
    const POSTGRES_OF_USER: &str = select_logged_on_postgres!("AND user_id = $4 ");
    let sql = match user {
        Some(_) => conn.either(SQLITE_OF_USER, POSTGRES_OF_USER),
        None => conn.either(SQLITE, POSTGRES),
    };
    Ok(on!(conn, c => {
        let query = sqlx::query_as(sql).bind(&place.transaction).bind(place.number).bind(i64::from(limit));
        match user {
            Some(user) => query.bind(user).fetch_all(c).await?,
            None => query.fetch_all(c).await?,
        }
    }))
}

/// Selects whether an event or the cursor of a webhook has a transaction that this PostgreSQL server has not come to.
const HAS_FOREIGN: &str = "SELECT \
    EXISTS (SELECT 1 FROM events WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())) OR \
    EXISTS (SELECT 1 FROM webhooks WHERE cursor_transaction::xid8 >= pg_snapshot_xmax(pg_current_snapshot()))";

/// Whether the order of events is that of another PostgreSQL server, whose dump was restored here.
pub async fn has_foreign(conn: Conn<'_>) -> Result<bool> {
    match conn.database {
        Database::Sqlite(_) => Ok(false),
        Database::Postgres(connection) => Ok(sqlx::query_scalar(HAS_FOREIGN).fetch_one(connection).await?),
    }
}

/// Gives the events of another server a place before all of this one, in the order of their numbers, and moves the
/// cursors of webhooks before the first that they have not passed; returns the number of events. An event that a
/// webhook was told of before is not told again as long as its delivery is stored.
pub async fn adopt_foreign(tx: &mut Tx) -> Result<u64> {
    // One instance at a time: the second finds nothing left.
    const LOCK: &str = "LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE";
    // A row that this server has stored for another one has a transaction that is not the one that inserted it.
    const MOVE_CURSORS: &str = "UPDATE webhooks SET cursor_transaction = '0', cursor_number = COALESCE( \
        (SELECT MIN(number) - 1 FROM events WHERE transaction_id::xid <> events.xmin \
        AND (transaction_id, number) > (cursor_transaction::xid8, cursor_number)), \
        (SELECT MAX(number) FROM events WHERE transaction_id::xid <> events.xmin), 0)";
    const ADOPT: &str = "UPDATE events SET transaction_id = '0' \
        WHERE transaction_id::xid <> events.xmin AND transaction_id <> '0'";
    let Database::Postgres(connection) = tx.conn().database else {
        return Ok(0);
    };
    sqlx::query(LOCK).execute(&mut *connection).await?;
    if !sqlx::query_scalar(HAS_FOREIGN).fetch_one(&mut *connection).await? {
        return Ok(0);
    }
    sqlx::query(MOVE_CURSORS).execute(&mut *connection).await?;
    Ok(sqlx::query(ADOPT).execute(connection).await?.rows_affected())
}

/// At most `limit` deletions of accounts since `since`, after that with the number `after`.
pub async fn deletions(conn: Conn<'_>, since: DateTime<Utc>, after: i64, limit: u32) -> Result<Vec<Deletion>> {
    const SQL: &str = "SELECT number, user_id, happened_at FROM events WHERE kind = $1 AND user_id IS NOT NULL \
        AND happened_at >= $2 AND number > $3 ORDER BY number LIMIT $4";
    let kind = EventKind::AccountDeleted.name();
    Ok(on!(conn, c => {
        sqlx::query_as(SQL).bind(kind).bind(since).bind(after).bind(i64::from(limit)).fetch_all(c).await?
    }))
}

/// Both columns are in the index `events_by_time`, so the rows are not read.
const BY_DAY_ON_SQLITE: &str = "SELECT substr(happened_at, 1, 10) AS day, kind, COUNT(*) FROM events \
    WHERE kind IN ('sign_up', 'log_in') AND happened_at >= $1 GROUP BY 1, 2";
/// Days are spelled out after the count: to spell out each row's takes longer than all the rest.
const BY_DAY_ON_POSTGRES: &str = "SELECT to_char(day, 'YYYY-MM-DD'), kind, number FROM ( \
        SELECT (happened_at AT TIME ZONE 'UTC')::date AS day, kind, COUNT(*) AS number FROM events \
        WHERE kind IN ('sign_up', 'log_in') AND happened_at >= $1 GROUP BY 1, 2) AS days";

/// The number of sign-ups and of log-ins of each day since `from` that has any: the day, the kind of event, the number.
pub async fn by_day(conn: Conn<'_>, from: DateTime<Utc>) -> Result<Vec<(String, String, i64)>> {
    let sql = conn.either(BY_DAY_ON_SQLITE, BY_DAY_ON_POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).bind(from).fetch_all(c).await?))
}

#[cfg(test)]
mod tests;
