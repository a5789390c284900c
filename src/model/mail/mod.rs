//! Mails that the service sends.

pub mod browser;
pub mod code;
mod examples;
pub mod links;
mod profile;
mod queued;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::client::language::Languages;
use code::{CODE_LIFETIME, INVITATION_LIFETIME, RECOVERY_LIFETIME};
pub use profile::EarlierProfile;
pub use queued::{ClaimedMail, NewMail};

/// One mail to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// A stored address, never one that was only typed into a request.
    pub to: String,
    pub languages: Languages,
    pub message: Message,
}

impl Mail {
    /// A mail about a request of `client`, in the client's language.
    #[must_use]
    pub fn to(to: String, client: &Client, message: Message) -> Self {
        Self {
            to,
            languages: client.languages.clone(),
            message,
        }
    }
}

/// What a mail says; the fields are what its templates can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// With this code, or on the page of the link, the password can be replaced.
    ResetCode {
        code: String,
        minutes: i64,
        #[serde(default)]
        link: Option<RecoveryLink>,
    },
    /// With this code, or on the page of the link, the account owner logs in.
    LogInCode {
        code: String,
        minutes: i64,
        #[serde(default)]
        link: Option<String>,
    },
    /// With this code the account's address is confirmed.
    VerifyCode {
        code: String,
        minutes: i64,
    },
    /// With this code the account moves to the address that the mail goes to.
    ChangeCode {
        code: String,
        minutes: i64,
    },
    /// With this code the account owner proves to be acting.
    ReauthenticationCode {
        code: String,
        minutes: i64,
    },
    /// On the page of the link, a guest sets the first password of the account.
    Invitation {
        /// Empty in a mail that a build of before has stored, which has its link.
        #[serde(default)]
        key: String,
        /// `None` until the mail is sent: the instance that sends it knows the service's page, and the command line,
        /// which stores invitations too, need not.
        #[serde(default)]
        link: Option<String>,
        days: i64,
    },
    PasswordChanged {
        at: String,
        /// Stands in the mail about the first reset.
        #[serde(default)]
        profile: Option<EarlierProfile>,
    },
    /// The first log-in by code has confirmed the address and removed what was set up before.
    ConfirmedByLogIn {
        at: String,
        profile: Option<EarlierProfile>,
    },
    /// The password of a log-in is known from a breach of another service.
    PasswordBreached {
        at: String,
    },
    /// Goes to the address that the account had before; `token` restores the account to it.
    EmailChanged {
        at: String,
        token: String,
        days: i64,
    },
    /// Goes to the address that the account had before, if that was never confirmed.
    UnconfirmedEmailChanged {
        at: String,
    },
    AccountDeleted {
        at: String,
    },
    /// A log-in with a provider that proves the account's address for the first time.
    ConfirmedByProvider {
        at: String,
        provider: String,
        profile: Option<EarlierProfile>,
    },
    /// An account at another provider can log in from now on.
    IdentityLinked {
        at: String,
        provider: String,
    },
    IdentityRemoved {
        at: String,
        provider: String,
    },
    /// A log-in with a family of device that is new to the account.
    NewLogIn {
        at: String,
        device: String,
        network: String,
    },
    /// An authenticator app was added.
    AuthenticatorAdded {
        at: String,
    },
    AuthenticatorRemoved {
        at: String,
    },
    /// There is a new set of recovery codes.
    RecoveryCodesRenewed {
        at: String,
    },
    RecoveryCodeUsed {
        at: String,
        /// Number of codes that are left.
        remaining: i64,
    },
    /// A passkey was added to the account.
    PasskeyAdded {
        at: String,
        name: String,
    },
    PasskeyRemoved {
        at: String,
        name: String,
    },
    /// A log-in was refused, because there may be a copy of the passkey.
    PasskeyCopied {
        at: String,
        name: String,
    },
}

/// A link by which an account owner sets a new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryLink {
    pub url: String,
    pub minutes: i64,
}

/// Mails about something that has happened; an operator can switch off each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Notice {
    NewLogIn,
    PasswordBreached,
    PasswordChanged,
    EmailChanged,
    IdentitiesChanged,
    AccountDeleted,
    FactorsChanged,
}

impl Message {
    /// The name of its templates.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ResetCode { .. } => "reset_code",
            Self::LogInCode { .. } => "log_in_code",
            Self::VerifyCode { .. } => "verify_code",
            Self::ChangeCode { .. } => "change_code",
            Self::ReauthenticationCode { .. } => "reauthentication_code",
            Self::Invitation { .. } => "invitation",
            Self::PasswordBreached { .. } => "password_breached",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmedByLogIn { .. } => "confirmed_by_log_in",
            Self::EmailChanged { .. } => "email_changed",
            Self::UnconfirmedEmailChanged { .. } => "unconfirmed_email_changed",
            Self::ConfirmedByProvider { .. } => "confirmed_by_provider",
            Self::IdentityLinked { .. } => "identity_linked",
            Self::IdentityRemoved { .. } => "identity_removed",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::NewLogIn { .. } => "new_log_in",
            Self::AuthenticatorAdded { .. } => "authenticator_added",
            Self::AuthenticatorRemoved { .. } => "authenticator_removed",
            Self::RecoveryCodesRenewed { .. } => "recovery_codes_renewed",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::PasskeyAdded { .. } => "passkey_added",
            Self::PasskeyRemoved { .. } => "passkey_removed",
            Self::PasskeyCopied { .. } => "passkey_copied",
        }
    }

    /// The setting that switches the mail off; `None` for mails that a request asked for.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        match self {
            Self::ResetCode { .. }
            | Self::LogInCode { .. }
            | Self::VerifyCode { .. }
            | Self::ChangeCode { .. }
            | Self::ReauthenticationCode { .. }
            | Self::Invitation { .. } => None,
            Self::PasswordChanged { .. } | Self::ConfirmedByLogIn { .. } => Some(Notice::PasswordChanged),
            Self::PasswordBreached { .. } => Some(Notice::PasswordBreached),
            Self::EmailChanged { .. } | Self::UnconfirmedEmailChanged { .. } => Some(Notice::EmailChanged),
            Self::ConfirmedByProvider { .. } | Self::IdentityLinked { .. } | Self::IdentityRemoved { .. } => {
                Some(Notice::IdentitiesChanged)
            }
            Self::AccountDeleted { .. } => Some(Notice::AccountDeleted),
            Self::NewLogIn { .. } => Some(Notice::NewLogIn),
            Self::AuthenticatorAdded { .. }
            | Self::AuthenticatorRemoved { .. }
            | Self::RecoveryCodesRenewed { .. }
            | Self::RecoveryCodeUsed { .. }
            | Self::PasskeyAdded { .. }
            | Self::PasskeyRemoved { .. }
            | Self::PasskeyCopied { .. } => Some(Notice::FactorsChanged),
        }
    }

    /// How long the service tries to send the mail: a code or a link for as long as it is valid.
    #[must_use]
    pub fn lifetime(&self) -> TimeDelta {
        match (self, self.notice()) {
            (Self::ResetCode { link: Some(_), .. }, _) => RECOVERY_LIFETIME,
            (Self::Invitation { .. }, _) => INVITATION_LIFETIME,
            (_, None) => CODE_LIFETIME,
            (_, Some(_)) => TimeDelta::days(2),
        }
    }
}

/// A time as mails show it.
#[must_use]
pub fn format_time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Whether new addresses with letters outside ASCII before the `@` are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InternationalAddresses {
    /// If the mail server announces that it can send to them.
    Auto,
    On,
    Off,
}
