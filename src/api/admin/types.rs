//! Requests and responses about accounts.

use poem_openapi::Object;
use poem_openapi::types::Example;
use uuid::Uuid;

use crate::api::example;
use crate::api::formats::{EmailText, NewPasswordText, Nullable};
use crate::api::time::Time;
use crate::flows::admin::make_recovery_link::RecoveryLinkMade;
use crate::model::admin::place::UserPlace;
use crate::model::user::listed::ListedUser;

/// An account as operators see it.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminUser {
    id: Uuid,
    /// The account's number, which the token API shows as `id`.
    number: i64,
    /// The address as its owner typed it.
    email: EmailText,
    email_verified_at: Nullable<Time>,
    /// A new address that takes effect when the owner confirms it.
    pending_email: Nullable<EmailText>,
    has_password: bool,
    /// Since when log-ins take a second factor.
    second_factor_at: Nullable<Time>,
    /// Number of passkeys that log in.
    passkeys: i64,
    /// Number of accounts at providers that log in.
    identities: i64,
    username: Nullable<String>,
    first_name: String,
    last_name: String,
    number_phone: Nullable<String>,
    /// Since when the account is disabled: it has no session and gets none.
    disabled_at: Nullable<Time>,
    /// Since when the account's sessions may use the admin API.
    admin_at: Nullable<Time>,
    created_at: Time,
    last_log_in_at: Time,
}

/// One page of accounts.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminUserList {
    pub users: Vec<AdminUser>,
    /// Send this as `before` to read the next page; absent on the last one.
    #[oai(skip_serializing_if_is_none)]
    pub next: Option<String>,
}

/// The account to create.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminCreateUserRequest {
    #[oai(validator(max_length = 254))]
    email: EmailText,
    /// Without one, the owner sets a password by `POST /auth/otp` or with a recovery link.
    #[oai(validator(min_length = 8, max_length = 256), skip_serializing_if_is_none)]
    password: Option<NewPasswordText>,
    /// Whether you know that the address is the owner's.
    #[oai(skip_serializing_if_is_none)]
    email_verified: Option<bool>,
    /// Letters, digits and `@ . + - _`; unique without regard to case.
    #[oai(
        validator(min_length = 1, max_length = 150, pattern = "^[A-Za-z0-9@.+_-]+$"),
        skip_serializing_if_is_none
    )]
    username: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    first_name: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    last_name: Option<String>,
    #[oai(validator(max_length = 10), skip_serializing_if_is_none)]
    number_phone: Option<String>,
}

/// The changes to make, at least one.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminUpdateUserRequest {
    /// `true` disables the account and ends its sessions, `false` enables it.
    #[oai(skip_serializing_if_is_none)]
    disabled: Option<bool>,
    /// `true` verifies the address. It can't be taken back.
    #[oai(skip_serializing_if_is_none)]
    email_verified: Option<bool>,
    /// A new password. It ends the account's sessions.
    #[oai(validator(min_length = 8, max_length = 256), skip_serializing_if_is_none)]
    password: Option<NewPasswordText>,
    /// `true` removes the password. It ends the account's sessions.
    #[oai(skip_serializing_if_is_none)]
    remove_password: Option<bool>,
}

/// A key that sets a new password. It is not shown again.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RecoveryLinkResponse {
    /// The `key` for `POST /api/auth/password/reset`.
    key: String,
    /// The link to hand over; null where the service has no page for it.
    url: Nullable<String>,
    expires_at: Time,
}

impl AdminUser {
    pub fn of(user: ListedUser) -> Self {
        Self {
            id: user.id.0,
            number: user.number,
            email: user.shown_email().into(),
            email_verified_at: Nullable(user.email_verified_at.map(Time)),
            pending_email: user.pending_email.into(),
            has_password: user.has_password,
            second_factor_at: Nullable(user.second_factor_at.map(Time)),
            passkeys: user.passkeys,
            identities: user.identities,
            username: user.username.into(),
            first_name: user.first_name,
            last_name: user.last_name,
            number_phone: user.number_phone.into(),
            disabled_at: Nullable(user.disabled_at.map(Time)),
            admin_at: Nullable(user.admin_at.map(Time)),
            created_at: Time(user.created_at),
            last_log_in_at: Time(user.last_log_in_at),
        }
    }
}

impl AdminUser {
    /// The account of a guest who has not come yet.
    pub fn invited_example() -> Self {
        Self {
            email_verified_at: Nullable(None),
            has_password: false,
            passkeys: 0,
            ..Self::example()
        }
    }
}

impl RecoveryLinkResponse {
    pub fn of(made: &RecoveryLinkMade) -> Self {
        Self {
            key: made.key.reveal().to_owned(),
            url: Nullable(made.url.as_ref().map(ToString::to_string)),
            expires_at: Time(made.expires_at),
        }
    }
}

impl Example for AdminUser {
    fn example() -> Self {
        let account = example::own_account();
        Self {
            id: account.id.0,
            number: account.number,
            email: account.email.into(),
            email_verified_at: Nullable(account.email_verified_at.map(Time)),
            pending_email: Nullable(None),
            has_password: true,
            second_factor_at: Nullable(None),
            passkeys: 1,
            identities: 0,
            username: Nullable(None),
            first_name: "Jane".to_owned(),
            last_name: "Doe".to_owned(),
            number_phone: Nullable(None),
            disabled_at: Nullable(None),
            admin_at: Nullable(None),
            created_at: Time(account.created_at),
            last_log_in_at: Time(account.last_log_in_at),
        }
    }
}

impl Example for AdminUserList {
    fn example() -> Self {
        let user = AdminUser::example();
        let next = Some(UserPlace::Number(user.number).text());
        Self {
            users: vec![user],
            next,
        }
    }
}

impl Example for AdminCreateUserRequest {
    fn example() -> Self {
        Self {
            email: "user@example.com".into(),
            password: None,
            email_verified: Some(true),
            username: None,
            first_name: Some("Jane".to_owned()),
            last_name: Some("Doe".to_owned()),
            number_phone: None,
        }
    }
}

impl Example for AdminUpdateUserRequest {
    fn example() -> Self {
        Self {
            disabled: Some(false),
            email_verified: Some(true),
            password: Some("correct horse battery staple".into()),
            remove_password: None,
        }
    }
}

impl Example for RecoveryLinkResponse {
    fn example() -> Self {
        let key = "Zm9yIGEgZG9jdW1lbnQsIG5vdCBmb3IgYW4gYWNjb3U";
        Self {
            key: key.to_owned(),
            url: Nullable(Some(format!("https://app.example.com/recover#key={key}"))),
            expires_at: Time(example::signed_in().created_at + chrono::TimeDelta::hours(24)),
        }
    }
}
