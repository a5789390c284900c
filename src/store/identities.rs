//! Accounts at other providers that log in to accounts here. `(issuer, subject)` is unique, so an identity has one
//! account.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, Result, on};
use crate::model::id::UserId;
use crate::model::identity::{Identity, MAX_IDENTITIES};

/// The identity that a provider calls `subject`.
pub async fn by_subject(conn: Conn<'_>, issuer: &str, subject: &str) -> Result<Option<Identity>> {
    const SQL: &str = "SELECT id, user_id, provider, issuer, subject, email, created_at, last_used_at FROM identities \
        WHERE issuer = $1 AND subject = $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(issuer).bind(subject).fetch_optional(c).await?))
}

/// The identities of an account, the oldest first.
pub async fn of_user(conn: Conn<'_>, user: UserId) -> Result<Vec<Identity>> {
    const SQL: &str = "SELECT id, user_id, provider, issuer, subject, email, created_at, last_used_at FROM identities \
        WHERE user_id = $1 ORDER BY id LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).bind(MAX_IDENTITIES).fetch_all(c).await?))
}

/// The account, the issuer and the subject of each identity whose account's id is from `first` to `last`.
pub async fn of_users(conn: Conn<'_>, first: UserId, last: UserId) -> Result<Vec<(UserId, String, String)>> {
    const SQL: &str = "SELECT user_id, issuer, subject FROM identities WHERE user_id >= $1 AND user_id <= $2 \
        ORDER BY user_id, id";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(first).bind(last).fetch_all(c).await?))
}

/// Stores an identity; `false` when it belongs to an account already, or the account has [`MAX_IDENTITIES`] others.
/// Lock the account first.
pub async fn insert(conn: Conn<'_>, identity: &Identity) -> Result<bool> {
    const SQL: &str = "INSERT INTO identities \
        (id, user_id, provider, issuer, subject, email, created_at, last_used_at) \
        SELECT $1, $2, $3, $4, $5, $6, $7, $7 WHERE (SELECT COUNT(*) FROM identities WHERE user_id = $2) < $8 \
        ON CONFLICT DO NOTHING";
    let inserted = on!(conn, c => {
        sqlx::query(SQL)
            .bind(identity.id)
            .bind(identity.user_id)
            .bind(&identity.provider)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .bind(&identity.email)
            .bind(identity.created_at)
            .bind(MAX_IDENTITIES)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(inserted == 1)
}

/// Whether the account still has this identity.
pub async fn is_of(conn: Conn<'_>, user: UserId, id: Uuid) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM identities WHERE id = $1 AND user_id = $2)";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(id).bind(user).fetch_one(c).await?))
}

/// Notes that an identity was used, and the address that its provider gave, if it gave one.
pub async fn note_use(conn: Conn<'_>, id: Uuid, email: Option<&str>, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE identities SET email = COALESCE($1, email), last_used_at = $2 WHERE id = $3";
    on!(conn, c => { sqlx::query(SQL).bind(email).bind(now).bind(id).execute(c).await?; });
    Ok(())
}

/// Removes an identity of `user`; returns the provider's id, or `None` when the account has no such identity.
pub async fn remove(conn: Conn<'_>, user: UserId, id: Uuid) -> Result<Option<String>> {
    const SQL: &str = "DELETE FROM identities WHERE id = $1 AND user_id = $2 RETURNING provider";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(id).bind(user).fetch_optional(c).await?))
}
