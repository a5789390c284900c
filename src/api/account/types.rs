//! Requests and responses of `/api/users/{user_id}`.

use poem_openapi::Object;
use poem_openapi::types::Example;
use uuid::Uuid;

use crate::api::event::EventResponse;
use crate::api::example;
use crate::api::factor::FactorResponse;
use crate::api::formats::{EmailText, NewPasswordText, Nullable, PasswordText};
use crate::api::session::sessions::ListedSessionResponse;
use crate::api::time::Time;
use crate::flows::account::export_account::Export;
use crate::flows::steps::read_factors::ListedFactors;
use crate::model::device::ListedDevice;
use crate::model::identity::Identity;
use crate::model::mail::code::ListedCode;
use crate::model::session::SignedIn;
use crate::model::user::OwnAccount;

/// The changes to make, at least one.
#[derive(Debug, Object)]
#[oai(example)]
pub struct UpdateUserRequest {
    #[oai(validator(max_length = 254), skip_serializing_if_is_none)]
    email: Option<EmailText>,
    #[oai(validator(min_length = 8, max_length = 256), skip_serializing_if_is_none)]
    password: Option<NewPasswordText>,
    /// Letters, digits and `@ . + - _`; unique without regard to case.
    #[oai(validator(min_length = 1, max_length = 150), skip_serializing_if_is_none)]
    username: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    first_name: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    last_name: Option<String>,
    /// An empty text removes the number.
    #[oai(validator(max_length = 10), skip_serializing_if_is_none)]
    number_phone: Option<String>,
    /// For a new address or password: required if you logged in more than ten minutes ago.
    #[oai(validator(min_length = 1, max_length = 256), skip_serializing_if_is_none)]
    current_password: Option<PasswordText>,
}

/// Your current password, if it is required.
#[derive(Debug, Object)]
#[oai(example)]
pub struct DeleteUserRequest {
    /// Required if you logged in more than ten minutes ago.
    #[oai(validator(min_length = 1, max_length = 256), skip_serializing_if_is_none)]
    current_password: Option<PasswordText>,
}

/// Your account.
#[derive(Debug, Object)]
pub struct OwnUser {
    id: Uuid,
    /// The address as you typed it.
    primary_email: EmailText,
    /// Whether you have confirmed the address.
    email_verified: bool,
    /// A new address that takes effect when you confirm it.
    pending_email: Nullable<EmailText>,
    username: Nullable<String>,
    first_name: String,
    last_name: String,
    number_phone: Nullable<String>,
}

/// Your account after the change.
#[derive(Debug, Object)]
#[oai(example)]
pub struct UpdateUserResponse {
    user: OwnUser,
}

/// Your account with all its data.
#[derive(Debug, Object)]
pub struct ExportedAccount {
    id: Uuid,
    /// The account's number, which the token API shows as `id`.
    number: i64,
    email: EmailText,
    email_verified_at: Nullable<Time>,
    /// A new address that takes effect when you confirm it.
    pending_email: Nullable<String>,
    /// Whether the account has a password.
    has_password: bool,
    /// Since when your log-ins take a second factor.
    second_factor_at: Nullable<Time>,
    username: Nullable<String>,
    first_name: String,
    last_name: String,
    number_phone: Nullable<String>,
    avatar: Nullable<String>,
    created_at: Time,
    last_log_in_at: Time,
}

/// A kind of device that logged in to your account, and its network.
#[derive(Debug, Object)]
pub struct ExportedDevice {
    family: String,
    network: String,
    first_seen_at: Time,
    last_seen_at: Time,
}

/// A code that was mailed for your account. The code itself is not stored.
#[derive(Debug, Object)]
pub struct ExportedCode {
    /// What you can do with it: `reset_password`, `recovery_key`, `log_in`, `verify_email`, `change_email`,
    /// `restore_email` or `reauthenticate`.
    purpose: String,
    /// The address that the code confirms or restores.
    email: Nullable<String>,
    issued_at: Time,
    expires_at: Time,
    used_at: Nullable<Time>,
}

/// An account at another provider that logs in to yours.
#[derive(Debug, Object)]
pub struct ExportedIdentity {
    provider: String,
    issuer: String,
    /// The provider's name for the account.
    subject: String,
    email: Nullable<String>,
    created_at: Time,
    last_used_at: Time,
}

/// Everything stored about you.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ExportResponse {
    account: ExportedAccount,
    sessions: Vec<ListedSessionResponse>,
    /// What you log in with beside a password. Never includes secrets.
    factors: Vec<FactorResponse>,
    /// The kinds of devices that logged in to your account, and their networks.
    devices: Vec<ExportedDevice>,
    codes: Vec<ExportedCode>,
    identities: Vec<ExportedIdentity>,
    /// For each mail not sent yet, the time when it was written.
    waiting_mails: Vec<Time>,
    /// What happened to your account, the latest first.
    events: Vec<EventResponse>,
}

impl UpdateUserResponse {
    pub fn of(account: &OwnAccount) -> Self {
        Self {
            user: OwnUser {
                id: account.id.0,
                primary_email: account.email.clone().into(),
                email_verified: account.email_verified_at.is_some(),
                pending_email: account.pending_email.clone().into(),
                username: account.username.clone().into(),
                first_name: account.first_name.clone(),
                last_name: account.last_name.clone(),
                number_phone: account.number_phone.clone().into(),
            },
        }
    }
}

impl ExportResponse {
    pub fn of(export: Export, asking: &SignedIn) -> Self {
        let sessions = export.sessions.into_iter();
        Self {
            account: ExportedAccount::of(export.account),
            sessions: sessions
                .map(|session| ListedSessionResponse::of(session, asking))
                .collect(),
            factors: FactorResponse::all(export.factors),
            devices: export.devices.into_iter().map(ExportedDevice::of).collect(),
            codes: export.codes.into_iter().map(ExportedCode::of).collect(),
            identities: export.identities.into_iter().map(ExportedIdentity::of).collect(),
            waiting_mails: export.waiting_mails.into_iter().map(Time).collect(),
            events: export.events.into_iter().map(EventResponse::of).collect(),
        }
    }
}

impl ExportedAccount {
    fn of(account: OwnAccount) -> Self {
        Self {
            id: account.id.0,
            number: account.number,
            email: account.email.into(),
            email_verified_at: account.email_verified_at.map(Time).into(),
            pending_email: account.pending_email.into(),
            has_password: account.has_password,
            second_factor_at: account.second_factor_at.map(Time).into(),
            username: account.username.into(),
            first_name: account.first_name,
            last_name: account.last_name,
            number_phone: account.number_phone.into(),
            avatar: account.avatar.into(),
            created_at: Time(account.created_at),
            last_log_in_at: Time(account.last_log_in_at),
        }
    }
}

impl ExportedDevice {
    fn of(device: ListedDevice) -> Self {
        Self {
            family: device.family,
            network: device.network,
            first_seen_at: Time(device.first_seen_at),
            last_seen_at: Time(device.last_seen_at),
        }
    }
}

impl ExportedIdentity {
    fn of(identity: Identity) -> Self {
        Self {
            provider: identity.provider,
            issuer: identity.issuer,
            subject: identity.subject,
            email: identity.email.into(),
            created_at: Time(identity.created_at),
            last_used_at: Time(identity.last_used_at),
        }
    }
}

impl ExportedCode {
    fn of(code: ListedCode) -> Self {
        Self {
            purpose: code.purpose,
            email: code.email.into(),
            issued_at: Time(code.issued_at),
            expires_at: Time(code.expires_at),
            used_at: code.used_at.map(Time).into(),
        }
    }
}

impl Example for UpdateUserRequest {
    fn example() -> Self {
        Self {
            email: Some("new@example.com".into()),
            password: None,
            username: None,
            first_name: None,
            last_name: None,
            number_phone: None,
            current_password: Some("yourpassword".into()),
        }
    }
}

impl Example for DeleteUserRequest {
    fn example() -> Self {
        Self {
            current_password: Some("yourpassword".into()),
        }
    }
}

impl Example for UpdateUserResponse {
    fn example() -> Self {
        let account = OwnAccount {
            pending_email: Some("new@example.com".to_owned()),
            ..example::own_account()
        };
        Self::of(&account)
    }
}

impl Example for ExportResponse {
    fn example() -> Self {
        let export = Export {
            account: example::own_account(),
            sessions: Vec::new(),
            factors: ListedFactors::default(),
            devices: Vec::new(),
            codes: Vec::new(),
            identities: Vec::new(),
            waiting_mails: Vec::new(),
            events: Vec::new(),
        };
        Self::of(export, &example::signed_in())
    }
}
