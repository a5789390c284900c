//! `/auth/otp`, `/{email}/reset-password` and `/api/auth/password/reset`: replaces a forgotten password with a mailed
//! code or key.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, OpenApi};

use crate::api::body::JsonBody;
use crate::api::body::fields::{Fields, breached, same_as_email};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::formats::{EmailText, NewPasswordText};
use crate::api::success::SuccessResponse;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::recovery::request_reset::request_reset;
use crate::flows::recovery::reset_password::{ResetPasswordError, reset_password};
use crate::flows::recovery::reset_password_with_key::{ResetPasswordWithKeyError, reset_password_with_key};
use crate::model::client::Client;
use crate::model::mail::code::Code;
use crate::model::user::email::Email;
use crate::model::user::password::{Password, PasswordPolicy};

pub struct PasswordResetApi(pub App);

/// Whether to mail a code (`create`) or to reset the password with one (`validate`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum OtpAction {
    Create,
    Validate,
}

/// A request for a code, or a code and the password to set with it.
#[derive(Debug, Object)]
#[oai(example)]
pub struct PasswordOtpRequest {
    action: OtpAction,
    #[oai(validator(max_length = 254))]
    email: EmailText,
    /// The code from the mail; required to validate.
    #[oai(validator(min_length = 1, max_length = 64), skip_serializing_if_is_none)]
    otp: Option<String>,
    /// Required to validate. Any characters, counted as Unicode code points.
    #[oai(validator(min_length = 8, max_length = 256), skip_serializing_if_is_none)]
    new_password: Option<NewPasswordText>,
}

/// A code and the password to set with it.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ResetPasswordRequest {
    /// The code from the mail.
    #[oai(validator(min_length = 1, max_length = 64))]
    otp: String,
    /// Any characters, counted as Unicode code points. Common passwords and the address itself are rejected.
    #[oai(validator(min_length = 8, max_length = 256))]
    new_password: NewPasswordText,
}

/// The key of a mailed link and the password to set with it.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ResetPasswordWithKeyRequest {
    /// What stands behind `#key=` in the link from the mail.
    #[oai(validator(min_length = 1, max_length = 64))]
    key: String,
    /// Any characters, counted as Unicode code points. Common passwords and the address itself are rejected.
    #[oai(validator(min_length = 8, max_length = 256))]
    new_password: NewPasswordText,
}

const DONE: &str = "Successfully validated OTP and reset password.";

#[OpenApi(tag = "Tag::Recovery")]
impl PasswordResetApi {
    /// Ask for a code to reset the password, or reset it with one
    ///
    /// With `create`, mails a code if the address has an account; the answer is the same if it has none. Where the
    /// operator has set a page for it, the mail also has a link with a key for `POST /api/auth/password/reset`. With
    /// `validate`, sets the new password, confirms the address, ends every session of the account and voids its open
    /// codes. It starts no session: log in with the new password.
    ///
    /// A code is valid for ten minutes, one use and five guesses; clients on other networks have five guesses of their
    /// own. A new code replaces it. Answers 400 `invalid_otp` if the code is wrong, used or expired, and 429
    /// `too_many_requests` after three codes in an hour or too many guesses. A device or network that has logged in to
    /// the account before has codes of its own, which strangers can neither use up nor replace.
    #[oai(path = "/auth/otp", method = "post", operation_id = "passwordOtp")]
    async fn password_otp(
        &self,
        body: JsonBody<PasswordOtpRequest>,
        client: Client,
    ) -> Result<Json<SuccessResponse>, ApiError> {
        let mut fields = body.fields;
        let actions = [("create", OtpAction::Create), ("validate", OtpAction::Validate)];
        if fields.choice("action", &actions) == Some(OtpAction::Validate) {
            let (email, code, new) = read_reset(fields, &self.0.password_policy)?;
            let reset = reset_password(&self.0, &email, &code, new, &client).await;
            reset.map_err(|error| match error {
                // This operation has one error for every invalid code.
                ResetPasswordError::NoCode => ResetPasswordError::InvalidCode,
                error => error,
            })?;
            return Ok(SuccessResponse::saying(DONE));
        }
        let email = read_request(fields, &self.0.password_policy)?;
        request_reset(&self.0, &email, &client).await?;
        Ok(SuccessResponse::saying("Successfully sent OTP."))
    }

    /// Reset the password with a code
    ///
    /// Does the same as `POST /auth/otp` with `validate`, except that it answers 404 `otp_not_found` if the address has
    /// no valid code.
    #[oai(path = "/:email/reset-password", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        /// The address to which the code was mailed.
        email: Path<String>,
        body: JsonBody<ResetPasswordRequest>,
        client: Client,
    ) -> Result<Json<SuccessResponse>, ApiError> {
        let email = Email::parse(&email.0).map_err(|_| ApiError::from(ErrorCode::OtpNotFound))?;
        let (code, new) = read_code_and_password(body.fields, &self.0.password_policy, Some(&email))?;
        reset_password(&self.0, &email, &code, new, &client).await?;
        Ok(SuccessResponse::saying(DONE))
    }

    /// Reset the password with the key of a mailed link
    ///
    /// Takes the key from the link in a mail that `POST /auth/otp` has sent, or in an invitation. Sets the new
    /// password, confirms the address, ends every session of the account and voids its open codes and keys. It starts
    /// no session: log in with the new password.
    ///
    /// A key is valid for an hour and one use, that of an invitation for seven days; up to three are valid at the same
    /// time. Answers 400 `invalid_otp` if the key is wrong, used or expired, and 429 `too_many_requests` after too many
    /// requests from your network.
    #[oai(
        path = "/api/auth/password/reset",
        method = "post",
        operation_id = "resetPasswordWithKey"
    )]
    async fn reset_password_with_key(
        &self,
        body: JsonBody<ResetPasswordWithKeyRequest>,
        client: Client,
    ) -> Result<Json<SuccessResponse>, ApiError> {
        let mut fields = body.fields;
        let key = fields.code("key");
        let new = fields.new_password("new_password", &self.0.password_policy, None);
        let (key, new) = fields.finish(key.zip(new))?;
        reset_password_with_key(&self.0, &Code::new(&key), new, &client).await?;
        Ok(SuccessResponse::saying("Successfully reset password."))
    }
}

/// Does not use the fields of the other action, but reports their issues all the same.
fn read_request(mut fields: Fields, policy: &PasswordPolicy) -> Result<Email, ApiError> {
    let email = fields.email("email");
    if fields.is_given("otp") {
        fields.code("otp");
    }
    if fields.is_given("new_password") {
        fields.new_password("new_password", policy, email.as_ref());
    }
    fields.finish(email)
}

fn read_reset(mut fields: Fields, policy: &PasswordPolicy) -> Result<(Email, Code, Password), ApiError> {
    let email = fields.email("email");
    let (code, new) = read_code_and_password(fields, policy, email.as_ref())?;
    Ok((email.ok_or_else(ApiError::malformed)?, code, new))
}

fn read_code_and_password(
    mut fields: Fields,
    policy: &PasswordPolicy,
    email: Option<&Email>,
) -> Result<(Code, Password), ApiError> {
    let code = fields.code("otp");
    let new = fields.new_password("new_password", policy, email);
    let (code, new) = fields.finish(code.zip(new))?;
    Ok((Code::new(&code), new))
}

impl From<ResetPasswordError> for ApiError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::NoCode => ErrorCode::OtpNotFound.into(),
            ResetPasswordError::InvalidCode => ErrorCode::InvalidOtp.into(),
            ResetPasswordError::Breached(_) => Self::validation(vec![breached("new_password")]),
            ResetPasswordError::Internal(error) => error.into(),
        }
    }
}

impl From<ResetPasswordWithKeyError> for ApiError {
    fn from(error: ResetPasswordWithKeyError) -> Self {
        match error {
            ResetPasswordWithKeyError::InvalidKey => ErrorCode::InvalidOtp.into(),
            ResetPasswordWithKeyError::Breached(_) => Self::validation(vec![breached("new_password")]),
            ResetPasswordWithKeyError::SameAsEmail => Self::validation(vec![same_as_email("new_password")]),
            ResetPasswordWithKeyError::Internal(error) => error.into(),
        }
    }
}

impl Example for PasswordOtpRequest {
    fn example() -> Self {
        Self {
            action: OtpAction::Create,
            email: "user@example.com".into(),
            otp: None,
            new_password: None,
        }
    }
}

impl Example for ResetPasswordRequest {
    fn example() -> Self {
        Self {
            otp: "12345678".to_owned(),
            new_password: "anotherpassword".into(),
        }
    }
}

impl Example for ResetPasswordWithKeyRequest {
    fn example() -> Self {
        Self {
            key: "mCkGlzT4Jp8mDvFZ2ZxkWwq3nXo1yB7dR5tUeHsLcVA".to_owned(),
            new_password: "anotherpassword".into(),
        }
    }
}
