//! Accounts of another system, as its export has them.

mod fields;
mod names;
mod systems;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::factor::totp::TotpSecret;
use super::id::UserId;
use super::user::Profile;
use super::user::email::Email;
use super::user::password::PasswordHash;
pub use names::System;
pub use systems::{Row, read};

/// An account to be stored as it was.
#[derive(Debug)]
pub struct ImportedUser {
    /// Only exports of this service keep their ids.
    pub id: Option<UserId>,
    pub email: Email,
    pub is_verified: bool,
    /// When that was, as far as the row tells.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// A disabled account stays so.
    pub is_disabled: bool,
    /// When that was, as far as the row tells.
    pub disabled_at: Option<DateTime<Utc>>,
    pub hash: ImportedHash,
    pub second_factor: ImportedFactor,
    pub identities: Vec<ImportedIdentity>,
    pub profile: Profile,
    pub avatar: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub last_log_in_at: Option<DateTime<Utc>>,
    /// Fields of the row that the service can't keep.
    pub dropped: Vec<&'static str>,
}

/// The password hash of a row.
#[derive(Debug)]
pub enum ImportedHash {
    /// The account has no password.
    None,
    Text(String),
    /// One of our own.
    Own(PasswordHash),
    /// The two JSON texts of Keycloak.
    Keycloak {
        secret_data: String,
        credential_data: String,
    },
    /// Firebase's salt and hash; the parameters are those of the project.
    Firebase {
        salt: String,
        hash: String,
    },
}

/// The second factor of a row.
#[derive(Debug)]
pub enum ImportedFactor {
    None,
    /// An authenticator app with this secret.
    App(TotpSecret),
    /// An app whose secret this service has sealed, here or in another database.
    Sealed(Vec<u8>),
    /// There is one, and the row does not hold what is needed to ask for it.
    Unknown,
}

/// An account at a provider, by which the owner logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedIdentity {
    pub issuer: String,
    pub subject: String,
}

/// Why a row is not imported. The names are part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("malformed")]
    Malformed,
    #[error("too_long")]
    TooLong,
    #[error("email_missing")]
    EmailMissing,
    #[error("email_invalid")]
    EmailInvalid,
    #[error("time_invalid")]
    TimeInvalid,
    #[error("password_hash_unknown")]
    HashUnknown,
    /// A digest that is too weak to be stored; `--wrap` would hash it.
    #[error("password_hash_weak")]
    HashWeak,
    /// A password alone would open the account from now on.
    #[error("second_factor_unknown")]
    FactorUnknown,
    /// Another account has the user name.
    #[error("username_taken")]
    UsernameTaken,
    /// Another account has the id.
    #[error("id_taken")]
    IdTaken,
}
