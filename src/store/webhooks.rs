//! Webhooks, and the events on their way to them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::engine::Database;
use super::{Conn, Result, Tx, on};
use crate::model::event::EventPlace;
use crate::model::webhook::{Delivery, ListedDelivery, PlacedEvent, Webhook};

/// Selects webhooks by `$condition`.
macro_rules! select_webhooks {
    ($condition:literal) => {
        concat!(
            "SELECT id, url, types, sealed_secret, sealed_previous, previous_until, created_at, disabled_at, ",
            "disabled_reason, cursor_transaction, cursor_number FROM webhooks ",
            $condition
        )
    };
}

/// Locks the number of webhooks until the end of the transaction, for [`insert`].
pub async fn lock_number(tx: &mut Tx) -> Result<()> {
    // SQLite has one writer. The worker reads on under this lock and waits with its writes.
    if let Database::Postgres(connection) = tx.conn().database {
        sqlx::query("LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE")
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Stores a webhook, which is told of events from now on; `false` if there are `most` already.
pub async fn insert(conn: Conn<'_>, webhook: &Webhook, most: i64) -> Result<bool> {
    const SQLITE: &str = "INSERT INTO webhooks (id, url, types, sealed_secret, created_at, cursor_transaction, \
        cursor_number) SELECT $1, $2, $3, $4, $5, '0', (SELECT COALESCE(MAX(number), 0) FROM events) \
        WHERE (SELECT COUNT(*) FROM webhooks) < $6";
    // Everything below this transaction has ended, and whatever is above it is still to be read.
    const POSTGRES: &str = "INSERT INTO webhooks (id, url, types, sealed_secret, created_at, cursor_transaction, \
        cursor_number) SELECT $1, $2, $3, $4, $5, pg_snapshot_xmin(pg_current_snapshot())::text, 0 \
        WHERE (SELECT COUNT(*) FROM webhooks) < $6";
    let sql = conn.either(SQLITE, POSTGRES);
    let inserted = on!(conn, c => {
        sqlx::query(sql)
            .bind(webhook.id)
            .bind(&webhook.url)
            .bind(&webhook.types)
            .bind(&webhook.sealed_secret)
            .bind(webhook.created_at)
            .bind(most)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(inserted == 1)
}

/// Every webhook, the oldest first.
pub async fn all(conn: Conn<'_>) -> Result<Vec<Webhook>> {
    const SQL: &str = select_webhooks!("ORDER BY created_at, id");
    Ok(on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await?))
}

/// The webhook with this id.
pub async fn by_id(conn: Conn<'_>, id: Uuid) -> Result<Option<Webhook>> {
    const SQL: &str = select_webhooks!("WHERE id = $1");
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// Locks a webhook until the end of the transaction; `None` if it was deleted.
pub async fn lock(conn: Conn<'_>, id: Uuid) -> Result<Option<Webhook>> {
    const SQL: &str = "UPDATE webhooks SET url = url WHERE id = $1 RETURNING id, url, types, sealed_secret, \
        sealed_previous, previous_until, created_at, disabled_at, disabled_reason, cursor_transaction, cursor_number";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// Replaces the secret; the former one is used beside it until `previous_until`.
pub async fn rotate(conn: Conn<'_>, id: Uuid, sealed_secret: &[u8], previous_until: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE webhooks SET sealed_previous = sealed_secret, previous_until = $3, sealed_secret = $2 \
        WHERE id = $1";
    let rotated = on!(conn, c => {
        sqlx::query(SQL).bind(id).bind(sealed_secret).bind(previous_until).execute(c).await?.rows_affected()
    });
    Ok(rotated == 1)
}

/// Gives a webhook another address and other types.
pub async fn redirect(conn: Conn<'_>, id: Uuid, url: &str, types: &str) -> Result<()> {
    const SQL: &str = "UPDATE webhooks SET url = $2, types = $3 WHERE id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(url).bind(types).execute(c).await?; });
    Ok(())
}

/// Disables a webhook; `false` if it is disabled already. What waits for it goes on waiting.
pub async fn disable(conn: Conn<'_>, id: Uuid, reason: &str, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str =
        "UPDATE webhooks SET disabled_at = $3, disabled_reason = $2 WHERE id = $1 AND disabled_at IS NULL";
    let disabled = on!(conn, c => sqlx::query(SQL).bind(id).bind(reason).bind(now).execute(c).await?.rows_affected());
    Ok(disabled == 1)
}

/// Disables every webhook that is enabled; returns how many.
pub async fn disable_all(conn: Conn<'_>, reason: &str, now: DateTime<Utc>) -> Result<u64> {
    const SQL: &str = "UPDATE webhooks SET disabled_at = $2, disabled_reason = $1 WHERE disabled_at IS NULL";
    Ok(on!(conn, c => sqlx::query(SQL).bind(reason).bind(now).execute(c).await?.rows_affected()))
}

/// Enables a disabled webhook; `false` if there is no such one.
pub async fn enable(conn: Conn<'_>, id: Uuid) -> Result<bool> {
    const SQL: &str = "UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL \
        WHERE id = $1 AND disabled_at IS NOT NULL";
    Ok(on!(conn, c => sqlx::query(SQL).bind(id).execute(c).await?.rows_affected()) == 1)
}

/// Lets everything that waits for a webhook begin again with its first attempt.
pub async fn start_over(conn: Conn<'_>, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE webhook_deliveries SET attempts = 0, due_at = $2 \
        WHERE webhook_id = $1 AND delivered_at IS NULL";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(now).execute(c).await?; });
    Ok(())
}

/// Lets the delivery of one event begin again now; `false` if there is none.
pub async fn retry(conn: Conn<'_>, id: Uuid, event: Uuid, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE webhook_deliveries SET attempts = 0, due_at = $3, delivered_at = NULL \
        WHERE webhook_id = $1 AND event_id = $2";
    Ok(on!(conn, c => sqlx::query(SQL).bind(id).bind(event).bind(now).execute(c).await?.rows_affected()) == 1)
}

/// At most `limit` deliveries of a webhook before a position, the latest first.
pub async fn deliveries(conn: Conn<'_>, id: Uuid, before: i64, limit: u32) -> Result<Vec<ListedDelivery>> {
    const SQL: &str = "SELECT d.position, d.event_id, e.kind, e.happened_at, d.attempts, d.due_at, d.delivered_at, \
        d.last_status FROM webhook_deliveries d JOIN events e ON e.id = d.event_id \
        WHERE d.webhook_id = $1 AND d.position < $2 ORDER BY d.position DESC LIMIT $3";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).bind(before).bind(i64::from(limit)).fetch_all(c).await?))
}

/// Deletes a webhook and what waits for it.
pub async fn delete(conn: Conn<'_>, id: Uuid) -> Result<bool> {
    const SQL: &str = "DELETE FROM webhooks WHERE id = $1";
    Ok(on!(conn, c => sqlx::query(SQL).bind(id).execute(c).await?.rows_affected()) == 1)
}

/// The number of events that wait for a webhook.
pub async fn waiting(conn: Conn<'_>, id: Uuid) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = $1 AND delivered_at IS NULL";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(id).fetch_one(c).await?))
}

/// Moves the cursor of a webhook to `last`.
pub async fn move_cursor(conn: Conn<'_>, id: Uuid, last: &PlacedEvent) -> Result<()> {
    const SQL: &str = "UPDATE webhooks SET cursor_transaction = $2, cursor_number = $3 WHERE id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(&last.transaction).bind(last.number).execute(c).await?; });
    Ok(())
}

/// Moves the cursor of a webhook back to `place`; `false` if the cursor has not passed it.
pub async fn move_cursor_back(conn: Conn<'_>, id: Uuid, place: &EventPlace) -> Result<bool> {
    const SQLITE: &str = "UPDATE webhooks SET cursor_transaction = $2, cursor_number = $3 \
        WHERE id = $1 AND $3 < cursor_number";
    const POSTGRES: &str = "UPDATE webhooks SET cursor_transaction = $2, cursor_number = $3 \
        WHERE id = $1 AND ($2::text::xid8, $3) < (cursor_transaction::xid8, cursor_number)";
    let sql = conn.either(SQLITE, POSTGRES);
    let moved = on!(conn, c => {
        sqlx::query(sql).bind(id).bind(&place.transaction).bind(place.number).execute(c).await?.rows_affected()
    });
    Ok(moved == 1)
}

/// Forgets the delivery of an event, so that it can be put on its way again behind those that were put before it.
pub async fn forget(conn: Conn<'_>, id: Uuid, event: &PlacedEvent) -> Result<()> {
    const SQL: &str = "DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND event_id = $2";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(event.id).execute(c).await?; });
    Ok(())
}

/// Puts an event on its way to a webhook, once.
pub async fn put(conn: Conn<'_>, id: Uuid, event: &PlacedEvent, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO webhook_deliveries (webhook_id, event_id, user_id, attempts, due_at) \
        VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(event.id).bind(event.user_id).bind(now).execute(c).await?; });
    Ok(())
}

/// Claims at most `limit` events that are due: until `leased_until` no other instance gets them. Of the events of one
/// account only the first that waits is claimed, so that they arrive in order.
pub async fn claim(
    conn: Conn<'_>,
    id: Uuid,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<i64>> {
    // `due_at` is checked twice: an instance that waited for another one's lock must find that the row is not due.
    const SQL: &str = "UPDATE webhook_deliveries SET due_at = $3 \
        WHERE due_at <= $2 AND delivered_at IS NULL AND position IN (SELECT d.position FROM webhook_deliveries d \
        WHERE d.webhook_id = $1 AND d.delivered_at IS NULL AND d.due_at <= $2 AND NOT EXISTS (SELECT 1 \
        FROM webhook_deliveries e WHERE e.webhook_id = d.webhook_id AND e.user_id = d.user_id \
        AND e.delivered_at IS NULL AND e.position < d.position) ORDER BY d.position LIMIT $4) RETURNING position";
    Ok(on!(conn, c => {
        sqlx::query_scalar(SQL).bind(id).bind(now).bind(leased_until).bind(limit).fetch_all(c).await?
    }))
}

/// An event on its way, with what is told of it; `None` if it was erased.
pub async fn delivery(conn: Conn<'_>, position: i64) -> Result<Option<Delivery>> {
    const SQL: &str = "SELECT d.position, d.event_id, d.attempts, e.kind, e.happened_at, e.user_id, e.session_id, \
        e.actor, e.data FROM webhook_deliveries d JOIN events e ON e.id = d.event_id WHERE d.position = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(position).fetch_optional(c).await?))
}

/// Notes that an event was taken.
pub async fn delivered(conn: Conn<'_>, position: i64, status: u16, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE webhook_deliveries SET delivered_at = $3, last_status = $2 WHERE position = $1";
    on!(conn, c => { sqlx::query(SQL).bind(position).bind(i64::from(status)).bind(now).execute(c).await?; });
    Ok(())
}

/// Notes a failed attempt, and when the next one is due.
pub async fn postpone(conn: Conn<'_>, position: i64, status: Option<u16>, due_at: DateTime<Utc>) -> Result<()> {
    // Counted here and not when it is claimed: an attempt that a stop of the instance cut off has not failed.
    const SQL: &str = "UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = $3, last_status = $2 \
        WHERE position = $1";
    on!(conn, c => { sqlx::query(SQL).bind(position).bind(status.map(i64::from)).bind(due_at).execute(c).await?; });
    Ok(())
}

/// Stores the secrets of a webhook in other sealed forms. Lock it first.
pub async fn replace_sealed(conn: Conn<'_>, id: Uuid, secret: &[u8], previous: Option<&[u8]>) -> Result<()> {
    const SQL: &str = "UPDATE webhooks SET sealed_secret = $2, sealed_previous = $3 WHERE id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(secret).bind(previous).execute(c).await?; });
    Ok(())
}
