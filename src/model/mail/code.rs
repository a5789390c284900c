//! One-time codes that are mailed to an address.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::id::UserId;
use crate::model::limit::rate::Rate;
use crate::model::limit::throttled::Throttled;

/// How long a code is valid (OWASP ASVS v5.0.0-6.5.5).
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How long an account can be restored to its former address.
pub const RESTORE_LIFETIME: TimeDelta = TimeDelta::days(3);
/// How long a recovery key is valid: it has too many bits to be guessed, so it may outlast a code.
pub const RECOVERY_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How long a recovery key is valid that an operator hands over: that may take a day.
pub const HANDED_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// How long an invitation is valid: a guest may be away for a week.
pub const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);
/// Recovery keys of one account that may be valid at the same time. A new one voids none, so that no stranger can void
/// the owner's.
pub const MAX_RECOVERY_KEYS: i64 = 3;
/// The period in which at most three codes are sent for one subject.
pub const ISSUE_WINDOW: TimeDelta = TimeDelta::hours(1);
/// Wrong guesses that a code allows the client that asked for it, and the same number to all others; each is counted
/// before it is compared (OWASP ASVS v5.0.0-6.6.3).
pub const MAX_GUESSES: i64 = 5;

/// The error for a fourth code, when the third last one was issued at `earlier`.
#[must_use]
pub fn issue_limit_reached(earlier: DateTime<Utc>, now: DateTime<Utc>) -> Throttled {
    let period = ISSUE_WINDOW.to_std().expect("an hour is a duration");
    let wait = (earlier + ISSUE_WINDOW - now).num_seconds();
    Throttled {
        limit: "codes",
        rate: Rate::new(3, period).expect("three an hour is a rate"),
        retry_after: u64::try_from(wait).unwrap_or(1).max(1),
    }
}

/// What a code is for; a code for one purpose is wrong for any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    ResetPassword,
    /// Also in a link, sealed for the browser that asked.
    LogIn,
    VerifyEmail,
    ChangeEmail,
    /// Not a code but a key of 128 bits, because it is valid for days.
    RestoreEmail,
    /// Not a code but a key of 256 bits in a link, because it is valid wherever it is opened.
    RecoveryKey,
    /// The same, but handed over by an operator: it says nothing about the address.
    HandedRecoveryKey,
    /// The same, but mailed to a guest on the word of an operator.
    Invitation,
    /// A fresh proof of an account owner that has neither password nor factor.
    Reauthenticate,
}

impl Purpose {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::LogIn => "log_in",
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::RestoreEmail => "restore_email",
            Self::RecoveryKey => "recovery_key",
            Self::HandedRecoveryKey => "handed_recovery_key",
            Self::Invitation => "invitation",
            Self::Reauthenticate => "reauthenticate",
        }
    }
}

/// Where a client without a session asked for a code. Each place has a code of its own: a stranger's request must not
/// replace the code that the owner has asked for from a device or network that the account knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFrom {
    KnownPlace,
    Elsewhere,
}

/// The stored form of a code or its subject: a hash under a key that is not in the database.
#[derive(Clone, PartialEq, Eq, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct KeyedHash(pub Vec<u8>);

/// The digits or the key that are mailed and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text to be mailed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A code to be stored.
#[derive(Debug)]
pub struct NewCode {
    /// A hash of the purpose and of the account or address that the code is for.
    pub subject: KeyedHash,
    pub purpose: Purpose,
    /// `None` for an address without an account: no mail shows the code.
    pub user_id: Option<UserId>,
    pub code_hash: KeyedHash,
    pub email: Option<String>,
    /// A hash of the device or network that asked for it; `None` for a key.
    pub asked_by: Option<KeyedHash>,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A valid code of which one more guess was counted.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct GuessedCode {
    pub subject: KeyedHash,
    pub code_hash: KeyedHash,
    pub user_id: Option<UserId>,
    pub email: Option<String>,
    pub issued_at: DateTime<Utc>,
}

/// A code as the account's owner may see it.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ListedCode {
    pub purpose: String,
    pub email: Option<String>,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHash(…)")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}
