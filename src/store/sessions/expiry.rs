//! When sessions expire: each use moves that on, and the purge deletes those whose time has come.
//!
//! The purge does not look for `idle_expires_at`, because then each use would have to change an index. It finds sessions by
//! `expires_not_before`, which is never later, and moves that up where a session was used meanwhile. A use only brings it
//! forward, where the time-out has become shorter.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::model::session::{Lifetimes, SignedIn};
use crate::store::{Conn, Database, Result, on};

/// Notes that sessions were used, each if it lives and was last seen a minute before or earlier: of many uses at once, one
/// is noted. Tells for each whether it was. Updates only: a session that ended meanwhile stays ended.
pub async fn renew(conn: Conn<'_>, used: &[SignedIn]) -> Result<Vec<bool>> {
    match conn.database {
        Database::Sqlite(conn) => renew_one_by_one(conn, used).await,
        Database::Postgres(conn) => renew_together(conn, used).await,
    }
}

/// To SQLite a statement more costs next to nothing, and one that names an indexed column always writes to the index.
async fn renew_one_by_one(conn: &mut SqliteConnection, used: &[SignedIn]) -> Result<Vec<bool>> {
    const RENEW: &str = "UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2 \
        WHERE id = $3 AND idle_expires_at > $1 AND last_seen_at <= $4";
    // An idle time-out that is shorter than it was when the session was last used brings its end forward.
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

/// One round trip, and no index is written to unless a value in it differs. It waits for no row that somebody else is
/// changing: two transactions that wait for each other would cost one of them its work, and that could be the end of a
/// session.
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

/// The SQL of one step of a purge, for the `limit` sessions that may have expired first. Rows that somebody else is changing
/// are left to the next purge: two transactions that wait for each other would cost one of them its work.
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

/// Puts off the purge of those that live, of the `limit` sessions that may have expired first, and tells how many these were.
pub async fn postpone_purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let sql = step_of_purge!(
        conn,
        "UPDATE sessions SET expires_not_before = idle_expires_at WHERE idle_expires_at > $1"
    );
    Ok(on!(conn, c => sqlx::query(sql).bind(now).bind(limit).execute(c).await?.rows_affected()))
}

/// Deletes at most `limit` expired rows and tells how many, so that a large purge never holds the write lock for long. It
/// sees nothing behind `limit` living ones whose purge was not put off.
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let sql = step_of_purge!(conn, "DELETE FROM sessions WHERE idle_expires_at <= $1");
    Ok(on!(conn, c => sqlx::query(sql).bind(now).bind(limit).execute(c).await?.rows_affected()))
}
