//! When sessions expire: each use moves `idle_expires_at` into the future, and the purge deletes what has expired.
//!
//! The purge does not search by `idle_expires_at`, because then every use would have to update an index. It searches by
//! `expires_not_before`, which is never later. Where the session was used since, the purge sets it to the real
//! deadline. A use sets it only when the configured time-out has become shorter, because it must not be later.

use chrono::{DateTime, Utc};

use crate::model::session::SignedIn;
use crate::store::engine::Database;
use crate::store::{Conn, Result, Tx, on};

/// Stores that a session was used, if it lives and its last stored use is at `unseen_since` or earlier: of many uses at
/// the same time, one is stored. It only updates, so an ended session stays ended. An idle time-out that is shorter
/// than at the last use brings the deadline of the purge forward.
pub async fn renew(conn: Conn<'_>, used: &SignedIn, unseen_since: DateTime<Utc>) -> Result<bool> {
    // One of the two statements applies. SQLite writes to the index of every column that a statement sets.
    const SQLITE: &str = "UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2 \
        WHERE id = $3 AND idle_expires_at > $1 AND last_seen_at <= $4 AND expires_not_before <= $2; \
        UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2, expires_not_before = $2 \
        WHERE id = $3 AND idle_expires_at > $1 AND last_seen_at <= $4";
    // PostgreSQL writes to an index only if the value changes.
    const POSTGRES: &str = "UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2, \
        expires_not_before = LEAST(expires_not_before, $2) \
        WHERE id = $3 AND idle_expires_at > $1 AND last_seen_at <= $4";
    let sql = conn.either(SQLITE, POSTGRES);
    let renewed = on!(conn, c => {
        sqlx::query(sql)
            .bind(used.last_seen_at)
            .bind(used.idle_expires_at)
            .bind(used.session_id)
            .bind(unseen_since)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(renewed == 1)
}

/// The SQL of one step of a purge, for the `limit` sessions that come first by `expires_not_before`. Rows that another
/// transaction has locked are left to the next purge: two that wait for each other would cost one of them its work.
macro_rules! step_of_purge {
    ($conn:expr, $step:literal) => {
        $conn.either(
            step_of_purge!(@ $step, ""),
            step_of_purge!(@ $step, " FOR UPDATE SKIP LOCKED"),
        )
    };
    (@ $step:literal, $lock:literal) => {
        concat!(
            "WITH perhaps_expired AS ",
            "(SELECT id FROM sessions WHERE expires_not_before <= $1 ORDER BY expires_not_before LIMIT $2",
            $lock,
            ") ",
            $step,
            " AND id IN (SELECT id FROM perhaps_expired)"
        )
    };
}

/// Of the next `limit` purge candidates, sets those still alive to their real deadline; returns how many.
pub async fn postpone_purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let sql = step_of_purge!(
        conn,
        "UPDATE sessions SET expires_not_before = idle_expires_at WHERE idle_expires_at > $1"
    );
    Ok(on!(conn, c => sqlx::query(sql).bind(now).bind(limit).execute(c).await?.rows_affected()))
}

/// Deletes at most `limit` expired sessions, so that a purge never holds the write lock for long; returns how many.
/// Call [`postpone_purge`] first: `limit` live candidates would hide every expired one behind them.
pub async fn purge(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    // Until the end of the transaction. No instance takes an expired session for alive, so none has to be told; without
    // this, migration 0019's trigger sends a notification for each row.
    const QUIETLY: &str = "SELECT set_config('neptun_auth.purge', 'on', true)";
    if let Database::Postgres(connection) = tx.conn().database {
        sqlx::query(QUIETLY).execute(connection).await?;
    }
    let conn = tx.conn();
    let sql = step_of_purge!(conn, "DELETE FROM sessions WHERE idle_expires_at <= $1");
    Ok(on!(conn, c => sqlx::query(sql).bind(now).bind(limit).execute(c).await?.rows_affected()))
}
