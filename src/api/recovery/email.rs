//! `/api/auth/email/…`: showing that an address is one's own, and bringing an account back to it.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use super::password::SuccessResponse;
use crate::api::body::JsonBody;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::guard::CurrentUser;
use crate::api::layers::session::RequestSession;
use crate::api::session::CurrentSessionResponse;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::recovery::restore_email::{RestoreEmailError, restore_email};
use crate::flows::recovery::send_email_code::send_email_code;
use crate::flows::recovery::verify_email::{VerifyEmailError, verify_email};
use crate::model::client::Client;
use crate::model::mail::code::Code;

pub struct EmailApi(pub App);

/// The code that was mailed to an address.
#[derive(Debug, Object)]
#[oai(example)]
pub struct VerifyEmailRequest {
    #[oai(validator(min_length = 1, max_length = 64))]
    code: String,
}

/// The key that was mailed to an account's former address.
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
    /// It goes to the address that is yet to be confirmed: the new one while a change is pending, otherwise the account's
    /// own. A new code replaces the last one; three are sent in an hour.
    #[oai(path = "/api/auth/email/send-code", method = "post", operation_id = "sendEmailCode")]
    async fn send_email_code(&self, user: CurrentUser, client: Client) -> Result<Json<SuccessResponse>, ApiError> {
        let is_sent = send_email_code(&self.0, &user.0, &client).await?;
        Ok(SuccessResponse::saying(if is_sent {
            "Successfully sent code."
        } else {
            "This address is confirmed already."
        }))
    }

    /// Confirm an address with the code that was mailed to it
    ///
    /// Ends every other session of the account and makes its other codes void: whoever was in it before may not have been
    /// the owner of the address. The current session gets a new cookie.
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

    /// Bring the account back to its former address
    ///
    /// With the key from the mail that told of the change. Takes the password away and ends every session; a new password
    /// is set with a code from `POST /auth/otp`.
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
