//! An account.

pub mod email;
pub mod listed;
pub mod password;
pub mod sign_ups;
pub mod text;
pub mod username;

use chrono::{DateTime, Utc};

use super::device::Familiarity;
use super::id::UserId;
use email::Email;
use password::PasswordHash;
use username::Username;

/// An operator has disabled the account. Travels inside error chains; a client learns of it only after right
/// credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account is disabled")]
pub struct AccountDisabled;

/// An account to be stored. Its id and creation time are those of its first session.
#[derive(Debug)]
pub struct NewUser {
    pub email: Email,
    pub password_hash: PasswordHash,
    pub profile: Profile,
}

/// The profile fields of the token API; all empty for accounts of the cookie API.
#[derive(Debug, Default)]
pub struct Profile {
    pub username: Option<Username>,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
}

impl Profile {
    /// Most characters of a first or last name.
    pub const NAME_LENGTH: usize = 150;
    /// Most characters of a telephone number.
    pub const PHONE_LENGTH: usize = 10;
}

/// Changes of a profile; `None` leaves a field as it is.
#[derive(Debug, Default)]
pub struct ProfileChanges {
    pub username: Option<Username>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// An empty text removes the number.
    pub number_phone: Option<String>,
}

impl ProfileChanges {
    #[must_use]
    pub fn any(&self) -> bool {
        let texts = [&self.first_name, &self.last_name, &self.number_phone];
        self.username.is_some() || texts.iter().any(|text| text.is_some())
    }
}

/// The identifier typed at log-in.
#[derive(Debug)]
pub enum Identifier {
    Email(Email),
    Username(Username),
}

/// How to find the account whose password is checked.
#[derive(Debug, Clone, Copy)]
pub enum AccountLookup<'a> {
    Identifier(&'a Identifier),
    Account(UserId),
}

/// A value of the column by which an account is looked up.
#[derive(Debug, Clone, Copy)]
pub enum LookupKey<'a> {
    Text(&'a str),
    Account(UserId),
}

impl<'a> AccountLookup<'a> {
    /// The values to look for, one after the other, until [`Self::is_for`] accepts the account.
    #[must_use]
    pub fn keys(self) -> Vec<LookupKey<'a>> {
        match self {
            Self::Identifier(Identifier::Email(email)) => email.stored_forms().map(LookupKey::Text).collect(),
            Self::Identifier(Identifier::Username(username)) => vec![LookupKey::Text(username.canonical())],
            Self::Account(id) => vec![LookupKey::Account(id)],
        }
    }

    /// Whether the account that was found is the one that was looked up.
    #[must_use]
    pub fn is_for(self, found: &Credentials) -> bool {
        match self {
            Self::Identifier(Identifier::Email(email)) => email.is_address_of(&found.email),
            Self::Identifier(Identifier::Username(_)) | Self::Account(_) => true,
        }
    }
}

/// Where notices about an account go.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct Contact {
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
}

/// What checking a password needs to know about an account.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct Credentials {
    pub id: UserId,
    pub number: i64,
    /// The address as its owner typed it.
    pub email: String,
    /// `None` for an account without a password.
    pub password_hash: Option<PasswordHash>,
    /// When the owner confirmed the address.
    pub email_verified_at: Option<DateTime<Utc>>,
}

/// An account, and how well it knows the client's network and device.
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
    /// The pending address, which replaces the present one when its owner confirms it.
    pub pending_email: Option<String>,
    pub has_password: bool,
    /// Since when a log-in takes a second factor.
    pub second_factor_at: Option<DateTime<Utc>>,
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
