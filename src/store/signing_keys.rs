//! The keys that sign access tokens.

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};
use crate::model::token::signing_key::StoredKey;

/// All keys, in the order of their numbers.
pub async fn all(conn: Conn<'_>) -> Result<Vec<StoredKey>> {
    const SQL: &str =
        "SELECT number, kid, public_key, sealed_private_key, created_at, active_at FROM signing_keys ORDER BY number";
    Ok(on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await?))
}

/// Stores a key, unless another instance has already stored one of this number.
pub async fn insert_if_absent(conn: Conn<'_>, key: &StoredKey) -> Result<()> {
    const SQL: &str = "INSERT INTO signing_keys (number, kid, public_key, sealed_private_key, created_at, active_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO NOTHING";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(key.number)
            .bind(&key.kid)
            .bind(&key.public_key)
            .bind(&key.sealed_private_key)
            .bind(key.created_at)
            .bind(key.active_at)
            .execute(c)
            .await?;
    });
    Ok(())
}

/// Deletes the keys whose successor began to sign before `moment`; returns how many.
pub async fn delete_superseded(conn: Conn<'_>, moment: DateTime<Utc>) -> Result<u64> {
    const SQL: &str = "DELETE FROM signing_keys WHERE number < \
        (SELECT COALESCE(MAX(number), 0) FROM signing_keys WHERE active_at < $1)";
    Ok(on!(conn, c => sqlx::query(SQL).bind(moment).execute(c).await?.rows_affected()))
}

/// Deletes all keys, also those that sign.
pub async fn delete_all(conn: Conn<'_>) -> Result<u64> {
    const SQL: &str = "DELETE FROM signing_keys";
    Ok(on!(conn, c => sqlx::query(SQL).execute(c).await?.rows_affected()))
}

/// Stores the private key of `key` in another sealed form.
pub async fn replace_sealed(conn: Conn<'_>, key: &StoredKey, sealed: &[u8]) -> Result<()> {
    const SQL: &str = "UPDATE signing_keys SET sealed_private_key = $2 WHERE number = $1";
    on!(conn, c => { sqlx::query(SQL).bind(key.number).bind(sealed).execute(c).await?; });
    Ok(())
}
