//! When sessions expire: each use moves `idle_expires_at` into the future, and the purge deletes what has expired.
//!
//! The purge does not search by `idle_expires_at`, because then every use would have to update an index. It searches by
//! `expires_not_before`, which is never later. Where the session was used since, the purge sets it to the real
//! deadline. A use sets it only when the configured time-out has become shorter, because it must not be later.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::model::session::{Lifetimes, SignedIn};
use crate::store::{Conn, Database, Result, on};

/// Notes that sessions were used; returns for each whether it was noted. A session that was seen less than
/// [`Lifetimes::RENEWAL_INTERVAL`] before is left alone, so of many uses at once, one is noted. It only updates, so an
/// ended session stays ended.
pub async fn renew(conn: Conn<'_>, used: &[SignedIn]) -> Result<Vec<bool>> {
    match conn.database {
        Database::Sqlite(conn) => renew_one_by_one(conn, used).await,
        Database::Postgres(conn) => renew_together(conn, used).await,
    }
}

/// Two statements for each session: on SQLite one more costs next to nothing, while one that sets an indexed column
/// always writes to the index, even if the value stays.
async fn renew_one_by_one(conn: &mut SqliteConnection, used: &[SignedIn]) -> Result<Vec<bool>> {
    const RENEW: &str = "UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2 \
        WHERE id = $3 AND idle_expires_at > $1 AND last_seen_at <= $4";
    // An idle time-out that is shorter than at the last use brings the deadline forward.
    const BRING_FORWARD: &str = "UPDATE sessions SET expires_not_before = idle_expires_at \
        WHERE id = $1 AND expires_not_before > idle_expires_at";
    let mut renewed = Vec::with_capacity(used.len());
    for session in used {
        let updated = sqlx::query(RENEW)
            .bind(session.last_seen_at)
            .bind(session.idle_expires_at)
            .bind(session.session_id)
            .bind(session.last_seen_at - Lifetimes::RENEWAL_INTERVAL)
            .execute(&mut *conn)
            .await?;
        sqlx::query(BRING_FORWARD)
            .bind(session.session_id)
            .execute(&mut *conn)
            .await?;
        renewed.push(updated.rows_affected() == 1);
    }
    Ok(renewed)
}

/// One round trip, and PostgreSQL writes to no index whose values stay. `SKIP LOCKED`, because two transactions that
/// wait for each other's rows would cost one of them its work, and that could be the end of a session.
async fn renew_together(conn: &mut PgConnection, used: &[SignedIn]) -> Result<Vec<bool>> {
    const SQL: &str = "WITH due AS ( \
        SELECT s.id, n.last_seen_at, n.idle_expires_at \
        FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) \
            AS n (id, last_seen_at, idle_expires_at, unseen_since) JOIN sessions s ON s.id = n.id \
        WHERE s.idle_expires_at > n.last_seen_at AND s.last_seen_at <= n.unseen_since FOR UPDATE OF s SKIP LOCKED) \
        UPDATE sessions s SET last_seen_at = due.last_seen_at, idle_expires_at = due.idle_expires_at, \
            expires_not_before = LEAST(s.expires_not_before, due.idle_expires_at) FROM due \
        WHERE s.id = due.id RETURNING s.id";
    let times = |time: fn(&SignedIn) -> DateTime<Utc>| used.iter().map(time).collect::<Vec<_>>();
    let renewed: Vec<Uuid> = sqlx::query_scalar(SQL)
        .bind(used.iter().map(|session| session.session_id.0).collect::<Vec<_>>())
        .bind(times(|session| session.last_seen_at))
        .bind(times(|session| session.idle_expires_at))
        .bind(times(|session| session.last_seen_at - Lifetimes::RENEWAL_INTERVAL))
        .fetch_all(conn)
        .await?;
    let renewed: HashSet<_> = renewed.into_iter().collect();
    Ok(used
        .iter()
        .map(|session| renewed.contains(&session.session_id.0))
        .collect())
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
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let sql = step_of_purge!(conn, "DELETE FROM sessions WHERE idle_expires_at <= $1");
    Ok(on!(conn, c => sqlx::query(sql).bind(now).bind(limit).execute(c).await?.rows_affected()))
}
