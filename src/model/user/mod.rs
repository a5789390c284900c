//! An account.

pub mod email;
pub mod password;
mod text;
pub mod username;

use chrono::{DateTime, Utc};

use super::device::Familiarity;
use super::id::UserId;
use email::Email;
use password::PasswordHash;
use username::Username;

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
pub enum Identifier {
    Email(Email),
    Username(Username),
}

/// AccountLookup password somebody says they know.
#[derive(Debug, Clone, Copy)]
pub enum AccountLookup<'a> {
    Identifier(&'a Identifier),
    Account(UserId),
}

/// What a log-in needs to know about an account.
#[derive(Debug, sqlx_macros::FromRow)]
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
#[derive(Debug, sqlx_macros::FromRow)]
pub struct AccountAtLogIn {
    #[sqlx(flatten)]
    pub credentials: Credentials,
    #[sqlx(flatten)]
    pub familiarity: Familiarity,
}

/// An account as its owner sees it.
#[derive(Debug, sqlx_macros::FromRow)]
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

/// An account as the token API shows it.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct Account {
    pub number: i64,
    pub username: Option<String>,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
    pub avatar: Option<String>,
}
