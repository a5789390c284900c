//! Ending sessions deletes their rows.
//!
//! No statement here asks whether a session has expired. Otherwise the row of an expired session would stay, and a
//! clock that is set back would revive what its owner has ended. Time only decides which deleted sessions count as
//! alive.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::id::{SessionId, UserId};
use crate::model::session::ended::{EndedSession, SessionFilter};
use crate::model::session::secret::{SecretHash, SessionSecret};
use crate::model::session::{NewSession, SessionKind};
use crate::store::engine::Database;
use crate::store::{Conn, Result, Tx, on};

/// Ends the session that a secret belongs to; `None` when none was alive.
pub async fn end_by_secret(tx: &mut Tx, secret: &SecretHash, now: DateTime<Utc>) -> Result<Option<EndedSession>> {
    const SQL: &str =
        "DELETE FROM sessions WHERE secret_hash = $1 RETURNING id, user_id, idle_expires_at > $2 AS was_alive";
    let ended: Option<EndedSession> =
        on!(tx.conn(), c => sqlx::query_as(SQL).bind(secret).bind(now).fetch_optional(c).await?);
    if let Some(user) = ended.as_ref().and_then(|ended| ended.user_id) {
        tx.note_change_of(user);
    }
    Ok(ended.filter(|ended| ended.was_alive))
}

/// Ends the sessions of `secrets`; returns those that were alive.
pub async fn end_by_secrets(tx: &mut Tx, secrets: &[SessionSecret], now: DateTime<Utc>) -> Result<Vec<EndedSession>> {
    let mut ended = Vec::new();
    for secret in secrets {
        ended.extend(end_by_secret(tx, &secret.hash(), now).await?);
    }
    Ok(ended)
}

/// Ends the session with a public id; `None` when none was alive.
pub async fn end_by_id(tx: &mut Tx, id: SessionId, now: DateTime<Utc>) -> Result<Option<EndedSession>> {
    const SQL: &str = "DELETE FROM sessions WHERE id = $1 RETURNING id, user_id, idle_expires_at > $2 AS was_alive";
    let ended: Option<EndedSession> =
        on!(tx.conn(), c => sqlx::query_as(SQL).bind(id).bind(now).fetch_optional(c).await?);
    if let Some(user) = ended.as_ref().and_then(|ended| ended.user_id) {
        tx.note_change_of(user);
    }
    Ok(ended.filter(|ended| ended.was_alive))
}

/// The same as [`end_by_id`], but `None` too when another transaction has locked the session.
pub async fn end_by_id_unless_locked(tx: &mut Tx, id: SessionId, now: DateTime<Utc>) -> Result<Option<EndedSession>> {
    const SQL: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE id = $1 \
        FOR UPDATE SKIP LOCKED) RETURNING id, user_id, idle_expires_at > $2 AS was_alive";
    let Database::Postgres(connection) = tx.conn().database else {
        return end_by_id(tx, id, now).await;
    };
    let ended = sqlx::query_as(SQL)
        .bind(id)
        .bind(now)
        .fetch_optional(connection)
        .await?;
    let ended: Option<EndedSession> = ended;
    if let Some(user) = ended.as_ref().and_then(|ended| ended.user_id) {
        tx.note_change_of(user);
    }
    Ok(ended.filter(|ended| ended.was_alive))
}

/// Ends one session of `user`; `false` when none of that id was alive, or when it is another account's.
pub async fn end_one_of_user(tx: &mut Tx, user: UserId, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "DELETE FROM sessions WHERE user_id = $1 AND id = $2 RETURNING idle_expires_at > $3";
    tx.note_change_of(user);
    let was_alive: Option<bool> =
        on!(tx.conn(), c => sqlx::query_scalar(SQL).bind(user).bind(id).bind(now).fetch_optional(c).await?);
    Ok(was_alive == Some(true))
}

/// Ends every session of `user` except `kept`; returns how many were alive.
pub async fn end_others_of_user(tx: &mut Tx, user: UserId, kept: SessionId, now: DateTime<Utc>) -> Result<u64> {
    const SQL: &str = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING idle_expires_at > $3";
    tx.note_change_of(user);
    let were_alive: Vec<bool> =
        on!(tx.conn(), c => sqlx::query_scalar(SQL).bind(user).bind(kept).bind(now).fetch_all(c).await?);
    Ok(number_alive(&were_alive))
}

/// Ends every session there is, those of visitors too; returns how many rows there were. Call it before anything else
/// in its transaction.
pub async fn end_all(tx: &mut Tx) -> Result<u64> {
    const COUNT: &str = "SELECT COUNT(*) FROM sessions";
    // PostgreSQL tells all instances of a truncation once, and of deletions row by row.
    let sql = tx.conn().either("DELETE FROM sessions", "TRUNCATE sessions");
    let ended: i64 = on!(tx.conn(), c => sqlx::query_scalar(COUNT).fetch_one(c).await?);
    on!(tx.conn(), c => { sqlx::query(sql).execute(c).await?; });
    Ok(ended.unsigned_abs())
}

/// Ends every session of `user`, by cookie and by tokens; returns how many were alive.
pub async fn end_all_of_user(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<u64> {
    const SQL: &str = "DELETE FROM sessions WHERE user_id = $1 RETURNING idle_expires_at > $2";
    tx.note_change_of(user);
    let were_alive: Vec<bool> = on!(tx.conn(), c => sqlx::query_scalar(SQL).bind(user).bind(now).fetch_all(c).await?);
    Ok(number_alive(&were_alive))
}

/// Ends the sessions of `user` beyond `at_most` of the kind of `started`, those first that were not used for longest;
/// returns how many. `started` itself stays, also when the clock was set back. Call this in the transaction that stored
/// `started` and locked the account: the statement then sees every session that a concurrent log-in has stored.
pub async fn end_surplus(tx: &mut Tx, user: UserId, started: &NewSession, at_most: u32) -> Result<u64> {
    const SQL: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
        WHERE user_id = $1 AND kind = $2 AND id <> $3 ORDER BY last_seen_at DESC, id DESC LIMIT $4 OFFSET $5)";
    let others = i64::from(at_most) - 1;
    let ended = on!(tx.conn(), c => {
        sqlx::query(SQL)
            .bind(user)
            .bind(started.kind.name())
            .bind(started.id)
            // SQLite takes an offset only after a limit.
            .bind(i64::MAX)
            .bind(others)
            .execute(c)
            .await?
            .rows_affected()
    });
    if ended > 0 {
        tx.note_change_of(user);
    }
    Ok(ended)
}

/// Whether the session that had this id goes on under another one.
pub async fn is_replaced(conn: Conn<'_>, user: UserId, former_id: SessionId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = $1 AND former_id = $2)";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).bind(former_id).fetch_one(c).await?))
}

fn number_alive(were_alive: &[bool]) -> u64 {
    were_alive.iter().filter(|was_alive| **was_alive).count() as u64
}

/// The next `limit` sessions behind `after` in the order of their ids, each with whether it is a live one of an account
/// that fits `filter`. It reads no more rows than it returns.
pub async fn window(
    conn: Conn<'_>,
    filter: &SessionFilter,
    after: Option<SessionId>,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<(SessionId, bool)>> {
    const SQL: &str = "SELECT id, created_at < $2 AND kind = COALESCE($3, kind) AND user_id IS NOT NULL \
        AND idle_expires_at > $4 FROM sessions WHERE id > $1 ORDER BY id LIMIT $5";
    Ok(on!(conn, c => {
        sqlx::query_as(SQL)
            .bind(after.unwrap_or(SessionId(Uuid::nil())))
            .bind(filter.before)
            .bind(filter.kind.map(SessionKind::name))
            .bind(now)
            .bind(i64::from(limit))
            .fetch_all(c)
            .await?
    }))
}

/// The number of live sessions of all accounts. It reads the whole table, so callers keep it for a while.
pub async fn count_alive(conn: Conn<'_>, now: DateTime<Utc>) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL AND idle_expires_at > $1";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(now).fetch_one(c).await?))
}
