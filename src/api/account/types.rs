//! What `/api/users/{user_id}` takes and gives.

use poem_openapi::Object;
use poem_openapi::types::Example;
use uuid::Uuid;

use crate::api::example;
use crate::api::formats::{EmailText, NewPasswordText, Nullable, PasswordText};
use crate::api::session::sessions::ListedSessionResponse;
use crate::api::time::Time;
use crate::flows::account::export_account::Export;
use crate::model::device::ListedDevice;
use crate::model::mail::code::ListedCode;
use crate::model::session::SignedIn;
use crate::model::user::OwnAccount;

/// What is to be different; at least one of address and password.
#[derive(Debug, Object)]
#[oai(example)]
pub struct UpdateUserRequest {
    #[oai(nullable, validator(max_length = 254), skip_serializing_if_is_none)]
    email: Option<EmailText>,
    #[oai(nullable, validator(min_length = 8, max_length = 256), skip_serializing_if_is_none)]
    password: Option<NewPasswordText>,
    /// Needed when the log-in is more than ten minutes ago.
    #[oai(nullable, validator(min_length = 1, max_length = 256), skip_serializing_if_is_none)]
    current_password: Option<PasswordText>,
}

/// Shows that it is the owner who leaves.
#[derive(Debug, Object)]
#[oai(example)]
pub struct DeleteUserRequest {
    /// Needed when the log-in is more than ten minutes ago.
    #[oai(nullable, validator(min_length = 1, max_length = 256), skip_serializing_if_is_none)]
    current_password: Option<PasswordText>,
}

/// An account as its owner sees it.
#[derive(Debug, Object)]
pub struct OwnUser {
    id: Uuid,
    primary_email: EmailText,
    email_verified: bool,
    /// An address that takes effect when it is confirmed.
    pending_email: Nullable<EmailText>,
}

/// The account after the change.
#[derive(Debug, Object)]
#[oai(example)]
pub struct UpdateUserResponse {
    user: OwnUser,
}

/// The account itself.
#[derive(Debug, Object)]
pub struct ExportedAccount {
    id: Uuid,
    /// The account's number, by which the token API knows it.
    number: i64,
    email: EmailText,
    email_verified_at: Nullable<Time>,
    pending_email: Nullable<String>,
    has_password: bool,
    username: Nullable<String>,
    first_name: String,
    last_name: String,
    number_phone: Nullable<String>,
    avatar: Nullable<String>,
    created_at: Time,
    last_log_in_at: Time,
}

/// A kind of device and the network that it was used in.
#[derive(Debug, Object)]
pub struct ExportedDevice {
    family: String,
    network: String,
    first_seen_at: Time,
    last_seen_at: Time,
}

/// A code that was mailed.
#[derive(Debug, Object)]
pub struct ExportedCode {
    purpose: String,
    /// The address that it proves.
    email: Nullable<String>,
    issued_at: Time,
    expires_at: Time,
    used_at: Nullable<Time>,
}

/// Everything that is stored about a person.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ExportResponse {
    account: ExportedAccount,
    sessions: Vec<ListedSessionResponse>,
    /// The kinds of devices that the account was used with, and their networks.
    devices: Vec<ExportedDevice>,
    codes: Vec<ExportedCode>,
    /// When each mail was written that has yet to be sent.
    waiting_mails: Vec<Time>,
}

impl UpdateUserResponse {
    pub fn of(account: &OwnAccount) -> Self {
        Self {
            user: OwnUser {
                id: account.id.0,
                primary_email: account.email.clone().into(),
                email_verified: account.email_verified_at.is_some(),
                pending_email: account.pending_email.clone().into(),
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
            devices: export.devices.into_iter().map(ExportedDevice::of).collect(),
            codes: export.codes.into_iter().map(ExportedCode::of).collect(),
            waiting_mails: export.waiting_mails.into_iter().map(Time).collect(),
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
            devices: Vec::new(),
            codes: Vec::new(),
            waiting_mails: Vec::new(),
        };
        Self::of(export, &example::signed_in())
    }
}
