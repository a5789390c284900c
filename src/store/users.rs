//! Accounts.

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};
use crate::model::email::Email;
use crate::model::password::PasswordHash;
use crate::model::user::{Credentials, NewUser, UserId};

/// The account that `email` belongs to, by its canonical form.
pub async fn by_email(conn: Conn<'_>, email: &Email) -> Result<Option<Credentials>> {
    const SQL: &str = "SELECT id, email, password_hash FROM users WHERE email_canonical = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(email.canonical()).fetch_optional(c).await?))
}

/// Stores a new account; `false` when its address is taken, also by a transaction that commits at the same moment.
pub async fn insert(conn: Conn<'_>, user: &NewUser) -> Result<bool> {
    const SQL: &str = "INSERT INTO users (id, email, email_canonical, password_hash, created_at, last_log_in_at) \
        VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (email_canonical) DO NOTHING";
    let inserted = on!(conn, c => {
        sqlx::query(SQL)
            .bind(user.id)
            .bind(user.email.typed())
            .bind(user.email.canonical())
            .bind(&user.password_hash)
            .bind(user.created_at)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(inserted == 1)
}

/// Notes a log-in with the password behind `verified` and keeps `current`, which may be a stronger hash of the same
/// password. `false` when the password was changed or the account deleted since `verified` was read: updating the row
/// makes such changes and this log-in wait for each other.
pub async fn record_log_in(
    conn: Conn<'_>,
    user: UserId,
    verified: &PasswordHash,
    current: &PasswordHash,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE users SET last_log_in_at = $1, password_hash = $2 WHERE id = $3 AND password_hash = $4";
    let updated = on!(conn, c => {
        sqlx::query(SQL).bind(now).bind(current).bind(user).bind(verified).execute(c).await?.rows_affected()
    });
    Ok(updated == 1)
}
