//! Passkeys. A credential id belongs to one account.

pub mod spent_challenges;

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};
use crate::model::id::UserId;
use crate::model::passkey::relying_party::RpId;
use crate::model::passkey::stored::{ListedPasskey, NewPasskey, PasskeyAtLogIn, PasskeyId, PasskeyName};

/// Stores a passkey; `false`, and nothing stored, when its credential id is stored already, or when the account has
/// `at_most` passkeys. Lock the account first.
pub async fn insert(conn: Conn<'_>, passkey: &NewPasskey, at_most: u32) -> Result<bool> {
    const SQL: &str = "INSERT INTO passkeys (id, user_id, credential_id, public_key, sign_count, aaguid, transports, \
        backup_eligible, backed_up, name, created_at, rp_id) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 \
        WHERE $13 > (SELECT COUNT(*) FROM passkeys WHERE user_id = $2) ON CONFLICT (credential_id) DO NOTHING";
    let stored = on!(conn, c => {
        sqlx::query(SQL)
            .bind(passkey.id)
            .bind(passkey.user_id)
            .bind(&passkey.credential_id)
            .bind(&passkey.public_key)
            .bind(i64::from(passkey.sign_count))
            .bind(passkey.aaguid)
            .bind(&passkey.transports)
            .bind(passkey.backup_eligible)
            .bind(passkey.backed_up)
            .bind(passkey.name.as_str())
            .bind(passkey.created_at)
            .bind(passkey.rp_id.as_str())
            .bind(i64::from(at_most))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(stored == 1)
}

/// At most `limit` passkeys of an account, the oldest first.
pub async fn of_user(conn: Conn<'_>, user: UserId, limit: u32) -> Result<Vec<ListedPasskey>> {
    const SQL: &str = "SELECT id, credential_id, name, aaguid, transports, backed_up, created_at, last_used_at \
        FROM passkeys WHERE user_id = $1 ORDER BY created_at, id LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).bind(i64::from(limit)).fetch_all(c).await?))
}

/// The passkey with this credential id, and its account.
pub async fn by_credential_id(conn: Conn<'_>, credential_id: &[u8]) -> Result<Option<PasskeyAtLogIn>> {
    const SQL: &str = "SELECT p.id, p.user_id, p.public_key, p.sign_count, p.backup_eligible, p.name, u.email, \
        u.email_verified_at, u.device_generation FROM passkeys p JOIN users u ON u.id = p.user_id \
        WHERE p.credential_id = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(credential_id).fetch_optional(c).await?))
}

/// Notes a use; `false` when the passkey was removed, or a concurrent use has moved its counter to `sign_count` or past
/// it. A passkey from before `rp_id` was stored gets it now, because its signature holds for that one only. Lock the
/// account first.
pub async fn record_use(
    conn: Conn<'_>,
    id: PasskeyId,
    rp_id: &RpId,
    sign_count: u32,
    backed_up: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE passkeys SET sign_count = $1, backed_up = $2, last_used_at = $3, \
        rp_id = COALESCE(rp_id, $5) WHERE id = $4 AND (sign_count = 0 OR $1 = 0 OR sign_count < $1)";
    let noted = on!(conn, c => {
        sqlx::query(SQL)
            .bind(i64::from(sign_count))
            .bind(backed_up)
            .bind(now)
            .bind(id)
            .bind(rp_id.as_str())
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(noted == 1)
}

/// Renames a passkey of `user`; `None` when the account has no such passkey.
pub async fn rename(conn: Conn<'_>, user: UserId, id: PasskeyId, name: &PasskeyName) -> Result<Option<ListedPasskey>> {
    const SQL: &str = "UPDATE passkeys SET name = $1 WHERE user_id = $2 AND id = $3 \
        RETURNING id, credential_id, name, aaguid, transports, backed_up, created_at, last_used_at";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(name.as_str()).bind(user).bind(id).fetch_optional(c).await?))
}

/// Deletes a passkey of `user` and returns its name; `None` when the account has no such passkey.
pub async fn delete(conn: Conn<'_>, user: UserId, id: PasskeyId) -> Result<Option<String>> {
    const SQL: &str = "DELETE FROM passkeys WHERE user_id = $1 AND id = $2 RETURNING name";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).bind(id).fetch_optional(c).await?))
}

/// How many of the newest `limit` passkeys belong to which RP ID, the largest number first. Passkeys whose RP ID is not
/// known are left out.
pub async fn count_by_rp_id(conn: Conn<'_>, limit: u32) -> Result<Vec<(String, i64)>> {
    const SQL: &str = "SELECT rp_id, COUNT(*) FROM (SELECT rp_id FROM passkeys ORDER BY id DESC LIMIT $1) newest \
        WHERE rp_id IS NOT NULL GROUP BY rp_id ORDER BY COUNT(*) DESC, rp_id";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_all(c).await?))
}
