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
    pub username: Option<String>,
    pub username_canonical: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Since when its sessions may use the admin API.
    pub admin_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub last_log_in_at: DateTime<Utc>,
}

impl ListedUser {
    /// The address as it may be shown.
    #[must_use]
    pub fn shown_email(&self) -> String {
        shown(self.email.clone())
    }
}
