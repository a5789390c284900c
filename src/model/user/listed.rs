//! An account as operators see it.

use chrono::{DateTime, Utc};

use super::email::shown;
use crate::model::id::UserId;

#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct ListedUser {
    pub id: UserId,
    pub number: i64,
    pub email: String,
    pub email_canonical: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub pending_email: Option<String>,
    pub has_password: bool,
    /// Since when a log-in takes a second factor.
    pub second_factor_at: Option<DateTime<Utc>>,
    /// Number of its passkeys.
    pub passkeys: i64,
    /// Number of the accounts at providers that log in to it.
    pub identities: i64,
    pub username: Option<String>,
    pub username_canonical: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Since when it has the admin right. [`Self::is_operator`] says whether that holds.
    pub admin_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub last_log_in_at: DateTime<Utc>,
}

impl ListedUser {
    /// Whether its sessions may use the admin API. A second factor that was set up after the right was given does not
    /// count: one factor is enough to set it up, and so would be enough for the right.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        let had_factor = |given| self.second_factor_at.is_some_and(|since| since <= given);
        self.disabled_at.is_none() && self.admin_at.is_some_and(had_factor)
    }

    /// The address as it may be shown.
    #[must_use]
    pub fn shown_email(&self) -> String {
        shown(self.email.clone())
    }
}
