//! Accounts that are made without a password.

use chrono::{DateTime, Utc};

use crate::model::id::UserId;
use crate::model::user::email::Email;
use crate::store::{Conn, Result, on};

/// Stores an account without a password or a session; `false` when the address is taken.
pub async fn insert_without_password(
    conn: Conn<'_>,
    id: UserId,
    email: &Email,
    verified_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "INSERT INTO users \
        (id, created_at, last_log_in_at, email, email_canonical, email_verified_at, first_name, last_name) \
        VALUES ($1, $2, $2, $3, $4, $5, '', '') ON CONFLICT DO NOTHING";
    let inserted = on!(conn, c => {
        sqlx::query(SQL)
            .bind(id)
            .bind(now)
            .bind(email.typed())
            .bind(email.canonical())
            .bind(verified_at)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(inserted == 1)
}
