//! `/api/auth/email/…`: confirms an address, and moves an account back to its former one.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::body::JsonBody;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::guard::CurrentUser;
use crate::api::layers::session::RequestSession;
use crate::api::session::CurrentSessionResponse;
use crate::api::success::SuccessResponse;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::recovery::restore_email::{RestoreEmailError, restore_email};
use crate::flows::recovery::send_email_code::send_email_code;
use crate::flows::recovery::verify_email::{VerifyEmailError, verify_email};
use crate::model::client::Client;
use crate::model::mail::code::Code;

pub struct EmailApi(pub App);

/// The code from the mail to your address.
#[derive(Debug, Object)]
#[oai(example)]
pub struct VerifyEmailRequest {
    #[oai(validator(min_length = 1, max_length = 64))]
    code: String,
}

/// The key from the mail to your former address.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RestoreEmailRequest {
    #[oai(validator(min_length = 1, max_length = 64))]
    token: String,
}

#[OpenApi(tag = "Tag::Recovery")]
impl EmailApi {
    /// Mail a code that confirms the address
    ///
    /// Mails it to the address you have yet to confirm: the new one while a change is pending, otherwise your account's
    /// own. Send the code to `POST /api/auth/email/verify`. If your address is confirmed already, no mail is sent and
    /// the message says so.
    ///
    /// A code is valid for ten minutes and five guesses; a new one replaces it. Answers 429 `too_many_requests` after
    /// three codes in an hour.
    #[oai(path = "/api/auth/email/send-code", method = "post", operation_id = "sendEmailCode")]
    async fn send_email_code(&self, user: CurrentUser, client: Client) -> Result<Json<SuccessResponse>, ApiError> {
        let is_sent = send_email_code(&self.0, &user.0, &client).await?;
        Ok(SuccessResponse::saying(if is_sent {
            "Successfully sent code."
        } else {
            "This address is confirmed already."
        }))
    }

    /// Confirm your address with a mailed code
    ///
    /// Confirms your address, or moves your account to its pending address. Ends every other session and voids all
    /// other codes, because they may come from a time before the address was yours. Sets a new cookie for the current
    /// session.
    ///
    /// Answers 400 `invalid_otp` if the code is wrong, used or expired, 409 `email_taken` if another account has the
    /// address by now, and 429 `too_many_requests` after too many guesses.
    #[oai(path = "/api/auth/email/verify", method = "post", operation_id = "verifyEmail")]
    async fn verify_email(
        &self,
        user: CurrentUser,
        body: JsonBody<VerifyEmailRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<CurrentSessionResponse>, ApiError> {
        let mut fields = body.fields;
        let code = fields.code("code");
        let code = Code::new(&fields.finish(code)?);
        let renewed = verify_email(&self.0, &user.0, &code, &client).await?;
        session.renew(&renewed);
        Ok(Json(CurrentSessionResponse::of(&renewed.signed_in)))
    }

    /// Move your account back to its former address
    ///
    /// Takes the key from the mail that told your former address of the change; it is valid for three days. Removes the
    /// password, passkeys and linked identities, and an authenticator app and recovery codes that are not older than
    /// three days at the change. Voids open codes and ends every session. Set a new password with a code from
    /// `POST /auth/otp`.
    ///
    /// Answers 400 `invalid_otp` if the key is wrong, used or expired, 409 `email_taken` if another account has
    /// confirmed the former address by now, and 429 `too_many_requests` after too many guesses.
    #[oai(path = "/api/auth/email/restore", method = "post", operation_id = "restoreEmail")]
    async fn restore_email(
        &self,
        body: JsonBody<RestoreEmailRequest>,
        client: Client,
    ) -> Result<Json<SuccessResponse>, ApiError> {
        let mut fields = body.fields;
        let token = fields.code("token");
        let token = Code::new(&fields.finish(token)?);
        restore_email(&self.0, &token, &client).await?;
        Ok(SuccessResponse::saying(
            "The account is back at this address. Ask for a code to set a new password.",
        ))
    }
}

impl From<VerifyEmailError> for ApiError {
    fn from(error: VerifyEmailError) -> Self {
        match error {
            VerifyEmailError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            VerifyEmailError::InvalidCode => ErrorCode::InvalidOtp.into(),
            VerifyEmailError::EmailTaken => ErrorCode::EmailTaken.into(),
            VerifyEmailError::Internal(error) => error.into(),
        }
    }
}

impl From<RestoreEmailError> for ApiError {
    fn from(error: RestoreEmailError) -> Self {
        match error {
            RestoreEmailError::InvalidToken => ErrorCode::InvalidOtp.into(),
            RestoreEmailError::EmailTaken => ErrorCode::EmailTaken.into(),
            RestoreEmailError::Internal(error) => error.into(),
        }
    }
}

impl Example for VerifyEmailRequest {
    fn example() -> Self {
        Self {
            code: "12345678".to_owned(),
        }
    }
}

impl Example for RestoreEmailRequest {
    fn example() -> Self {
        Self {
            token: "mCkGlzT4Jp8mDvFZ2ZxkWw".to_owned(),
        }
    }
}
