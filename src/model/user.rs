//! An account.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::email::Email;
use super::password::PasswordHash;

/// The public id of an account: a UUIDv7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct UserId(pub Uuid);

/// A new account, ready to be stored.
#[derive(Debug)]
pub struct NewUser {
    pub id: UserId,
    pub email: Email,
    pub password_hash: PasswordHash,
    pub created_at: DateTime<Utc>,
}

/// What a log-in needs to know about an account.
#[derive(Debug, sqlx::FromRow)]
pub struct Credentials {
    pub id: UserId,
    /// The address as its owner typed it.
    pub email: String,
    /// `None` for an account that has no password and logs in by other means.
    pub password_hash: Option<PasswordHash>,
}
