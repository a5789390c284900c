//! An account.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::device::Familiarity;
use super::email::Email;
use super::password::PasswordHash;
use super::session::SignedIn;
use super::username::Username;

/// The public id of an account: a UUIDv7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct UserId(pub Uuid);

/// A new account, ready to be stored. Its id and its age are those that its first session names.
#[derive(Debug)]
pub struct NewUser {
    pub email: Email,
    pub password_hash: PasswordHash,
    pub profile: Profile,
}

/// What the token API keeps about a person; all empty for accounts of the cookie API.
#[derive(Debug, Default)]
pub struct Profile {
    pub username: Option<Username>,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
}

/// What somebody who logs in calls themselves.
#[derive(Debug)]
pub enum Login {
    Email(Email),
    Username(Username),
}

/// Whose password somebody says they know.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    Login(&'a Login),
    Account(UserId),
}

/// What a log-in needs to know about an account.
#[derive(Debug, sqlx::FromRow)]
pub struct Credentials {
    pub id: UserId,
    pub number: i64,
    /// The address as its owner typed it.
    pub email: String,
    /// `None` for an account that has no password and logs in by other means.
    pub password_hash: Option<PasswordHash>,
    /// When its owner showed that they receive mail there.
    pub email_verified_at: Option<DateTime<Utc>>,
}

/// The account that somebody says is theirs, and what it knows of what they come from.
#[derive(Debug, sqlx::FromRow)]
pub struct Claimed {
    #[sqlx(flatten)]
    pub credentials: Credentials,
    #[sqlx(flatten)]
    pub familiarity: Familiarity,
}

/// An account as its owner sees it.
#[derive(Debug, sqlx::FromRow)]
pub struct OwnAccount {
    pub id: UserId,
    pub number: i64,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    /// An address that the owner wants instead and has yet to confirm.
    pub pending_email: Option<String>,
    pub has_password: bool,
    pub username: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
    pub avatar: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_log_in_at: DateTime<Utc>,
}

impl OwnAccount {
    /// An account such as documentation shows.
    #[must_use]
    pub fn example() -> Self {
        let session = SignedIn::example();
        Self {
            id: session.user_id,
            number: session.user_number,
            email: session.email,
            email_verified_at: Some(session.created_at),
            pending_email: None,
            has_password: true,
            username: None,
            first_name: String::new(),
            last_name: String::new(),
            number_phone: None,
            avatar: None,
            created_at: session.created_at,
            last_log_in_at: session.created_at,
        }
    }
}

/// An account as the token API shows it.
#[derive(Debug, sqlx::FromRow)]
pub struct Account {
    pub number: i64,
    pub username: Option<String>,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
    pub avatar: Option<String>,
}
