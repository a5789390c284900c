//! Accounts as they are stored by an import and written by an export.

use chrono::{DateTime, Utc};

use super::id::UserId;
use super::user::Profile;
use super::user::email::Email;
use super::user::password::PasswordHash;

/// An imported account that is complete and checked.
#[derive(Debug)]
pub struct NewImport {
    pub id: UserId,
    pub email: Email,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub password_hash: Option<PasswordHash>,
    /// The secret of an authenticator app, as it is stored.
    pub sealed_totp_secret: Option<Vec<u8>>,
    /// Of providers that the service knows.
    pub identities: Vec<NewIdentity>,
    pub profile: Profile,
    pub avatar: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_log_in_at: DateTime<Utc>,
}

/// An account at a provider that is linked by an import.
#[derive(Debug)]
pub struct NewIdentity {
    pub provider: String,
    pub issuer: String,
    pub subject: String,
}

/// An account with everything that another database needs to take it over.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ExportedUser {
    pub id: UserId,
    pub number: i64,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Since when the account asks for a second factor.
    pub second_factor_at: Option<DateTime<Utc>>,
    /// The secret of its authenticator app, which only a service with the same secret key can read.
    pub sealed_totp_secret: Option<Vec<u8>>,
    pub password_hash: Option<PasswordHash>,
    pub username: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
    pub avatar: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_log_in_at: DateTime<Utc>,
    /// Issuer and subject of each account at a provider that logs in.
    #[sqlx(skip)]
    pub identities: Vec<(String, String)>,
}
