//! `/api/auth/sign-up`, `/api/auth/login`, `/api/auth/logout`, `/api/auth/password`.

mod log_in_code;
mod types;
pub mod users;

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use super::body::fields::{Fields, breached};
use super::body::{JsonBody, JsonOrForm};
use super::error::{ApiError, ErrorCode};
use super::guard::CurrentUser;
use super::layers::session::RequestSession;
use super::session::SessionResponse;
use super::tag::Tag;
use crate::api::formats::{EmailText, NewPasswordText, PasswordText};
use crate::app::App;
use crate::flows::account::log_in::{LogInError, log_in};
use crate::flows::account::log_out::log_out;
use crate::flows::account::sign_up::{NewAccount, SignUpError, sign_up};
use crate::flows::account::update_account::{Changes, update_account};
use crate::model::client::Client;
use crate::model::user::email::Email;
use crate::model::user::password::{Password, PasswordPolicy};
use crate::model::user::{Identifier, Profile};

/// The operations of this chapter.
pub type Apis = (AccountApi, log_in_code::LogInCodeApi, users::UsersApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (
        AccountApi(app.clone()),
        log_in_code::LogInCodeApi(app.clone()),
        users::UsersApi(app.clone()),
    )
}

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    (
        "signUp",
        &[
            ErrorCode::SignUpClosed,
            ErrorCode::EmailTaken,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "logIn",
        &[
            ErrorCode::InvalidCredentials,
            ErrorCode::SecondFactorRequired,
            ErrorCode::AccountDisabled,
            ErrorCode::TooManyRequests,
        ],
    ),
    ("requestLogInCode", &[ErrorCode::NotFound, ErrorCode::TooManyRequests]),
    (
        "logInWithCode",
        &[
            ErrorCode::InvalidOtp,
            ErrorCode::SecondFactorRequired,
            ErrorCode::AccountDisabled,
            ErrorCode::NotFound,
            ErrorCode::TooManyRequests,
        ],
    ),
    ("changePassword", &[ErrorCode::TooManyRequests]),
    (
        "updateUser",
        &[
            ErrorCode::NotFound,
            ErrorCode::EmailTaken,
            ErrorCode::UsernameTaken,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "deleteUser",
        &[
            ErrorCode::NotFound,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::TooManyRequests,
        ],
    ),
    ("exportUser", &[ErrorCode::NotFound]),
];

/// Operations that set or remove the session cookie without requiring one.
pub const WRITE_COOKIE: &[&str] = &["signUp", "logIn", "logInWithCode", "logOut"];

pub struct AccountApi(pub App);

/// The address and the password of your new account.
#[derive(Debug, Object)]
#[oai(example)]
pub struct SignUpRequest {
    /// One e-mail address of at most 254 bytes. White space around it is ignored.
    #[oai(validator(max_length = 254))]
    email: EmailText,
    /// Any characters, counted as Unicode code points. Common passwords and the address itself are rejected.
    #[oai(validator(min_length = 8, max_length = 256))]
    password: NewPasswordText,
    /// The password typed again. Must be the same if you send it.
    #[oai(rename = "confirmPassword", skip_serializing_if_is_none)]
    confirm_password: Option<PasswordText>,
}

/// The address and the password of your account.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LogInRequest {
    #[oai(validator(max_length = 254))]
    email: EmailText,
    #[oai(validator(min_length = 1, max_length = 256))]
    password: PasswordText,
}

/// Your current password and the new one.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ChangePasswordRequest {
    #[oai(validator(min_length = 1, max_length = 256))]
    current_password: PasswordText,
    /// Any characters, counted as Unicode code points. Common passwords and the address itself are rejected.
    #[oai(validator(min_length = 8, max_length = 256))]
    new_password: NewPasswordText,
}

#[OpenApi(tag = "Tag::Account")]
impl AccountApi {
    /// Create an account and start a session
    ///
    /// Returns the new account and sets the session cookie. Also sets a device cookie, so that later log-ins from this
    /// device are recognised. Ends the session that your request presents, if any.
    ///
    /// Answers 403 `sign_up_closed` if the operator allows no new account for this address, 409 `email_taken` if the
    /// address has an account (upper and lower case make no difference), and 429 `too_many_requests` after too many
    /// sign-ups from your network.
    #[oai(path = "/api/auth/sign-up", method = "post", operation_id = "signUp")]
    async fn sign_up(
        &self,
        body: JsonOrForm<SignUpRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<SessionResponse>, ApiError> {
        let (email, password) = read_sign_up(body.fields, &self.0)?;
        let account = NewAccount {
            email,
            password,
            profile: Profile::default(),
        };
        let started = sign_up(&self.0, account, session.start(client)).await?;
        session.adopt(&started);
        Ok(Json(SessionResponse::of(&started.signed_in)))
    }

    /// Start a session with e-mail and password
    ///
    /// Returns the account and sets a new session cookie. Ends the session that your request presents, if any.
    ///
    /// Answers 401 `invalid_credentials` for an unknown address, a wrong password, and an account without a password.
    /// Answers 401 `second_factor_required` if the password is right and the account asks for a second factor; send
    /// that to `POST /api/auth/login/second-factor` within ten minutes. Answers 403 `account_disabled`, after the right
    /// password only, if an operator has disabled the account.
    ///
    /// Answers 429 `too_many_requests` after too many wrong passwords for one account, even if this one is right. A
    /// device or network that has logged in to the account before has a limit of its own, so strangers can't lock it
    /// out.
    #[oai(path = "/api/auth/login", method = "post", operation_id = "logIn")]
    async fn log_in(
        &self,
        body: JsonOrForm<LogInRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<SessionResponse>, ApiError> {
        let (email, password) = read_log_in(body.fields)?;
        let outcome = log_in(
            &self.0,
            &Identifier::Email(email),
            password,
            None,
            session.start(client),
        )
        .await?;
        let started = session.conclude(outcome)?;
        Ok(Json(SessionResponse::of(&started.signed_in)))
    }

    /// End the current session
    ///
    /// Returns `true` if a session ended and `false` if there was none. Removes the session cookie in both cases.
    #[oai(path = "/api/auth/logout", method = "post", operation_id = "logOut")]
    async fn log_out(&self, session: RequestSession, client: Client) -> Result<Json<bool>, ApiError> {
        let ended = log_out(&self.0, &session.presented(), &client).await?;
        session.discard();
        Ok(Json(ended))
    }

    /// Change the password
    ///
    /// Ends every other session of your account, those of the token API included, and sets a new cookie for this one.
    ///
    /// Answers 400 `validation_error` with the issue `incorrect` if the current password is wrong, and 429
    /// `too_many_requests` after too many wrong passwords.
    #[oai(path = "/api/auth/password", method = "post", operation_id = "changePassword")]
    async fn change_password(
        &self,
        user: CurrentUser,
        body: JsonBody<ChangePasswordRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<SessionResponse>, ApiError> {
        let email = Email::parse(&user.0.email).ok();
        let (current, new) = read_change(body.fields, &self.0.password_policy, email.as_ref())?;
        let changes = Changes {
            password: Some(new),
            ..Changes::default()
        };
        let outcome = update_account(&self.0, &user.0, changes, Some(current), &client).await;
        let (renewed, _) = outcome.map_err(|error| users::update_error(error, "new_password"))?;
        session.renew(&renewed);
        Ok(Json(SessionResponse::of(&renewed.signed_in)))
    }
}

fn read_change(
    mut fields: Fields,
    policy: &PasswordPolicy,
    email: Option<&Email>,
) -> Result<(Password, Password), ApiError> {
    let current = fields.password("current_password");
    let new = fields.new_password("new_password", policy, email);
    fields.finish(current.zip(new))
}

fn read_sign_up(mut fields: Fields, app: &App) -> Result<(Email, Password), ApiError> {
    let email = fields.new_email("email", &app.mailer);
    let password = fields.new_password("password", &app.password_policy, email.as_ref());
    fields.repeated_password("confirmPassword", "password");
    fields.finish(email.zip(password))
}

fn read_log_in(mut fields: Fields) -> Result<(Email, Password), ApiError> {
    let email = fields.email("email");
    let password = fields.password("password");
    fields.finish(email.zip(password))
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Taken(_) => ErrorCode::EmailTaken.into(),
            SignUpError::Breached(_) => Self::validation(vec![breached("password")]),
            SignUpError::Internal(error) => error.into(),
        }
    }
}

impl From<LogInError> for ApiError {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => ErrorCode::InvalidCredentials.into(),
            LogInError::InvalidCode => ErrorCode::InvalidOtp.into(),
            LogInError::Internal(error) => error.into(),
        }
    }
}

impl Example for SignUpRequest {
    fn example() -> Self {
        Self {
            email: "user@example.com".into(),
            password: "yourpassword".into(),
            confirm_password: None,
        }
    }
}

impl Example for ChangePasswordRequest {
    fn example() -> Self {
        Self {
            current_password: "yourpassword".into(),
            new_password: "anotherpassword".into(),
        }
    }
}

impl Example for LogInRequest {
    fn example() -> Self {
        Self {
            email: "user@example.com".into(),
            password: "yourpassword".into(),
        }
    }
}
