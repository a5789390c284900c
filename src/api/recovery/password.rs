//! `/auth/otp` and `/{email}/reset-password`: a new password by a code that is mailed.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, OpenApi};

use crate::api::body::JsonBody;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::formats::{EmailText, NewPasswordText};
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::recovery::request_reset::request_reset;
use crate::flows::recovery::reset_password::{ResetPasswordError, reset_password};
use crate::model::client::Client;
use crate::model::mail::code::Code;
use crate::model::user::email::Email;
use crate::model::user::password::{Password, PasswordPolicy};

pub struct PasswordResetApi(pub App);

/// What is to be done with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum OtpAction {
    Create,
    Validate,
}

/// Asks for a code, or sets a new password with one.
#[derive(Debug, Object)]
#[oai(example)]
pub struct PasswordOtpRequest {
    action: OtpAction,
    #[oai(validator(max_length = 254))]
    email: EmailText,
    /// The code from the mail; to validate.
    #[oai(nullable, validator(min_length = 1, max_length = 64), skip_serializing_if_is_none)]
    otp: Option<String>,
    /// To validate. Any characters, counted as Unicode code points.
    #[oai(nullable, validator(min_length = 8, max_length = 256), skip_serializing_if_is_none)]
    new_password: Option<NewPasswordText>,
}

/// A code and the password to set with it.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ResetPasswordRequest {
    /// The code from the mail.
    #[oai(validator(min_length = 1, max_length = 64))]
    otp: String,
    /// Any characters, counted as Unicode code points. Common passwords and the address itself are refused.
    #[oai(validator(min_length = 8, max_length = 256))]
    new_password: NewPasswordText,
}

/// What was done.
#[derive(Debug, Object)]
#[oai(example)]
pub struct SuccessResponse {
    success: bool,
    /// A sentence for people.
    message: String,
}

const DONE: &str = "Successfully validated OTP and reset password.";

#[OpenApi(tag = "Tag::Recovery")]
impl PasswordResetApi {
    /// Ask for a code to reset the password, or reset it with one
    ///
    /// With `create` a code is mailed, if the address has an account; the answer is the same if it has none. With
    /// `validate` the password is replaced, every session ends, and nobody is logged in. A code is good for ten minutes,
    /// one use and five guesses; a new one replaces it, and three are sent in an hour.
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
                // This operation has one refusal for every code that is not good.
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
    /// The same as `POST /auth/otp` with `validate`.
    #[oai(path = "/:email/reset-password", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        /// The address that the code was mailed to.
        email: Path<String>,
        body: JsonBody<ResetPasswordRequest>,
        client: Client,
    ) -> Result<Json<SuccessResponse>, ApiError> {
        let email = Email::parse(&email.0).map_err(|_| ApiError::from(ErrorCode::OtpNotFound))?;
        let (code, new) = read_code_and_password(body.fields, &self.0.password_policy, Some(&email))?;
        reset_password(&self.0, &email, &code, new, &client).await?;
        Ok(SuccessResponse::saying(DONE))
    }
}

/// The other action's fields are not used, but what is wrong with them is a mistake all the same.
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

impl SuccessResponse {
    pub fn saying(message: &str) -> Json<Self> {
        Json(Self {
            success: true,
            message: message.to_owned(),
        })
    }
}

impl From<ResetPasswordError> for ApiError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::NoCode => ErrorCode::OtpNotFound.into(),
            ResetPasswordError::InvalidCode => ErrorCode::InvalidOtp.into(),
            ResetPasswordError::Internal(error) => error.into(),
        }
    }
}

impl Example for SuccessResponse {
    fn example() -> Self {
        Self::saying(DONE).0
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
