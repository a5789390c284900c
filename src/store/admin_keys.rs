//! Keys for the admin API. A key lives until it expires or its row is deleted.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, OneStatement, Result, on};
use crate::model::admin::key::{AdminKey, AdminKeyHash};

/// Stores a key; `false`, and nothing stored, when there are `at_most` already.
pub async fn insert(conn: Conn<'_>, key: &AdminKey, hash: &AdminKeyHash, at_most: i64) -> Result<bool> {
    const SQL: &str = "INSERT INTO admin_keys (id, name, key_hash, scopes, created_at, expires_at) \
        SELECT $1, $2, $3, $4, $5, $6 WHERE $7 > (SELECT COUNT(*) FROM admin_keys)";
    let stored = on!(conn, c => {
        sqlx::query(SQL)
            .bind(key.id)
            .bind(&key.name)
            .bind(hash)
            .bind(&key.scopes)
            .bind(key.created_at)
            .bind(key.expires_at)
            .bind(at_most)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(stored == 1)
}

/// The key with this hash, if it has not expired.
pub async fn by_hash(conn: Conn<'_>, hash: &AdminKeyHash, now: DateTime<Utc>) -> Result<Option<AdminKey>> {
    const SQL: &str = "SELECT id, name, scopes, created_at, expires_at, last_used_at FROM admin_keys \
        WHERE key_hash = $1 AND expires_at > $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(hash).bind(now).fetch_optional(c).await?))
}

/// Every key, the oldest first; expired ones too.
pub async fn all(conn: Conn<'_>) -> Result<Vec<AdminKey>> {
    const SQL: &str = "SELECT id, name, scopes, created_at, expires_at, last_used_at FROM admin_keys \
        ORDER BY created_at, id";
    Ok(on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await?))
}

/// Notes that a key was used.
pub async fn note_use(statement: OneStatement<'_>, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE admin_keys SET last_used_at = $1 WHERE id = $2";
    on!(statement.conn(), c => { sqlx::query(SQL).bind(now).bind(id).execute(c).await?; });
    Ok(())
}

/// Deletes a key and returns it; `None` when there is none of this id.
pub async fn delete(conn: Conn<'_>, id: Uuid) -> Result<Option<AdminKey>> {
    const SQL: &str = "DELETE FROM admin_keys WHERE id = $1 \
        RETURNING id, name, scopes, created_at, expires_at, last_used_at";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// Deletes every key; returns how many there were.
pub async fn delete_all(conn: Conn<'_>) -> Result<u64> {
    Ok(on!(conn, c => sqlx::query("DELETE FROM admin_keys").execute(c).await?.rows_affected()))
}
