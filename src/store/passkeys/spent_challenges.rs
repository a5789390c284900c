//! Challenges that were answered with success, so that no answer works twice: those of passkeys and of log-ins with
//! other providers.

use chrono::{DateTime, Utc};

use crate::store::{Conn, Result, on};

/// Stores the hash of a challenge; `false` when it was stored before. A concurrent use waits until this transaction has
/// ended.
pub async fn spend(conn: Conn<'_>, hash: &[u8], expires_at: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "INSERT INTO spent_challenges (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
    let stored = on!(conn, c => sqlx::query(SQL).bind(hash).bind(expires_at).execute(c).await?.rows_affected());
    Ok(stored == 1)
}

/// Deletes at most `limit` challenges that could not be answered any more at `now`; returns how many.
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQL: &str = "DELETE FROM spent_challenges WHERE hash IN \
        (SELECT hash FROM spent_challenges WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(on!(conn, c => sqlx::query(SQL).bind(now).bind(limit).execute(c).await?.rows_affected()))
}
