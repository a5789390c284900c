//! Recovery codes, as keyed hashes. A new set replaces the old one.

use chrono::{DateTime, Utc};

use crate::model::factor::recovery_code::ListedRecoveryCodes;
use crate::model::id::UserId;
use crate::model::mail::code::KeyedHash;
use crate::store::{Conn, Result, on};

/// Replaces the set of `user`. Lock the account first.
pub async fn replace(conn: Conn<'_>, user: UserId, codes: &[KeyedHash], now: DateTime<Utc>) -> Result<()> {
    const REMOVE: &str = "DELETE FROM recovery_codes WHERE user_id = $1";
    const INSERT: &str = "INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES ($1, $2, $3)";
    on!(conn, c => {
        sqlx::query(REMOVE).bind(user).execute(&mut *c).await?;
        for code in codes {
            sqlx::query(INSERT).bind(user).bind(code).bind(now).execute(&mut *c).await?;
        }
    });
    Ok(())
}

/// Uses up a code; `false` when it was used before, or is not of the present set.
pub async fn consume(conn: Conn<'_>, user: UserId, code: &KeyedHash, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str =
        "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL";
    let rows = on!(conn, c => sqlx::query(SQL).bind(user).bind(code).bind(now).execute(c).await?.rows_affected());
    Ok(rows == 1)
}

/// The set of `user`, as its owner sees it; `None` without one.
pub async fn of_user(conn: Conn<'_>, user: UserId) -> Result<Option<ListedRecoveryCodes>> {
    const SQL: &str = "SELECT created_at, MAX(used_at) AS last_used_at, \
        SUM(CASE WHEN used_at IS NULL THEN 1 ELSE 0 END) AS remaining \
        FROM recovery_codes WHERE user_id = $1 GROUP BY created_at ORDER BY created_at DESC LIMIT 1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).fetch_optional(c).await?))
}
