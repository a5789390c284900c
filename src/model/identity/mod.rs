//! Accounts at other providers that log in to an account here.

pub mod ceremony;
pub mod cookie;
pub mod provider;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::id::UserId;
use super::user::email::Email;
use provider::ProviderId;

/// Identities of one account. A provider's accounts cost an attacker nothing, so their number needs a bound.
pub const MAX_IDENTITIES: i64 = 20;
/// Longest name of an account that a provider may give, in bytes (OpenID Connect Core 1.0, 2).
pub const MAX_SUBJECT: usize = 255;

/// What a provider has said about one of its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    pub provider: ProviderId,
    /// Together with `subject`, the name of the account for good. Addresses change hands; this name does not.
    pub issuer: String,
    pub subject: String,
    /// `None` if the provider gave no address, or one that no account may have.
    pub email: Option<Email>,
    /// Whether the provider vouches that the account's owner reads mail to `email`, and may vouch for that.
    pub is_proven: bool,
}

/// An identity that is linked to an account.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Identity {
    pub id: Uuid,
    pub user_id: UserId,
    pub provider: String,
    pub issuer: String,
    pub subject: String,
    /// The address that the provider gave last.
    pub email: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

impl Identity {
    /// The identity that links `external` to `user` from `now` on.
    #[must_use]
    pub fn new(external: &ExternalAccount, user: UserId, now: DateTime<Utc>) -> Self {
        Self {
            id: Uuid::now_v7(),
            user_id: user,
            provider: external.provider.to_string(),
            issuer: external.issuer.clone(),
            subject: external.subject.clone(),
            email: external.email.as_ref().map(|email| email.typed().to_owned()),
            created_at: now,
            last_used_at: now,
        }
    }
}
