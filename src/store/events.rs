//! What the operator must still know after an account was deleted.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, Result, on};
use crate::model::id::UserId;

/// Notes that `kind` happened to `user`.
pub async fn insert(conn: Conn<'_>, user: UserId, kind: &'static str, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO events (id, user_id, kind, happened_at) VALUES ($1, $2, $3, $4)";
    on!(conn, c => { sqlx::query(SQL).bind(Uuid::now_v7()).bind(user).bind(kind).bind(now).execute(c).await?; });
    Ok(())
}
