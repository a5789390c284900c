//! `/api/auth/login/code`: logs in with a mailed code or link.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::body::JsonBody;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::formats::EmailText;
use crate::api::layers::session::RequestSession;
use crate::api::session::SessionResponse;
use crate::api::success::SuccessResponse;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::account::log_in_with_code::{CodeLogIn, LogInWithCodeError, log_in_with_code};
use crate::flows::account::request_log_in_code::{RequestLogInCodeError, request_log_in_code};
use crate::model::client::Client;

pub struct LogInCodeApi(pub App);

/// The address to mail a code to.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LogInCodeRequest {
    #[oai(validator(max_length = 254))]
    email: EmailText,
}

/// The address that a code was mailed to, and the code.
#[derive(Debug, Object)]
#[oai(example)]
pub struct CodeLogInRequest {
    #[oai(validator(max_length = 254))]
    email: EmailText,
    /// The digits from the mail, or what stands behind `code=` in its link.
    #[oai(validator(min_length = 1, max_length = 64))]
    code: String,
}

#[OpenApi(tag = "Tag::Account")]
impl LogInCodeApi {
    /// Ask for a code to log in with
    ///
    /// Mails a code if the address has an account; the answer is the same if it has none. Where the operator allows it,
    /// an address without an account gets a code too, which makes an account without a password.
    ///
    /// Where the operator has set a page for it, the mail also has a link to that page, with `email` and `code` in its
    /// fragment. The link works in this browser only: the answer sets a cookie for it. Opening the link uses nothing
    /// up; let your page fill in a form, and send it when the person presses the button.
    ///
    /// A code is valid for ten minutes, one use and five guesses; clients on other networks have five guesses of their
    /// own. A new code replaces it. Answers 404 `not_found` where log-in by code is switched off, and 429
    /// `too_many_requests` after three codes in an hour. A device or network that has logged in to the account before
    /// has codes of its own, which strangers can neither use up nor replace.
    #[oai(path = "/api/auth/login/code", method = "post", operation_id = "requestLogInCode")]
    async fn request_log_in_code(
        &self,
        body: JsonBody<LogInCodeRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<SuccessResponse>, ApiError> {
        let mut fields = body.fields;
        let email = fields.email("email");
        let email = fields.finish(email)?;
        if let Some(cookie) = request_log_in_code(&self.0, &email, &client).await? {
            session.remember_browser(cookie);
        }
        Ok(SuccessResponse::saying(
            "If the address can log in, a code is on its way.",
        ))
    }

    /// Log in with a mailed code
    ///
    /// Returns the account and sets a new session cookie. Ends the session that your request presents, if any. The code
    /// confirms the address. If it was not confirmed before, everything that another person may have set up ends: the
    /// password, sessions, tokens, factors, passkeys and identities.
    ///
    /// Answers 400 `invalid_otp` if the code is wrong, used or expired, or was taken from a link that another browser
    /// had asked for. Answers 401 `second_factor_required` if the code is right and the account asks for a second
    /// factor; send that to `POST /api/auth/login/second-factor` within ten minutes. Answers 403 `account_disabled`,
    /// after the right code only, if an operator has disabled the account. Answers 404 `not_found` where log-in by code
    /// is switched off, and 429 `too_many_requests` after too many guesses.
    #[oai(
        path = "/api/auth/login/code/verify",
        method = "post",
        operation_id = "logInWithCode"
    )]
    async fn log_in_with_code(
        &self,
        body: JsonBody<CodeLogInRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<SessionResponse>, ApiError> {
        let mut fields = body.fields;
        let email = fields.email("email");
        let code = fields.code("code");
        let (email, code) = fields.finish(email.zip(code))?;
        let browsers = session.browsers();
        let sent = CodeLogIn { email, code, browsers };
        let outcome = log_in_with_code(&self.0, &sent, session.start(client)).await?;
        let started = session.conclude(outcome)?;
        Ok(Json(SessionResponse::of(&started.signed_in)))
    }
}

impl From<RequestLogInCodeError> for ApiError {
    fn from(error: RequestLogInCodeError) -> Self {
        match error {
            RequestLogInCodeError::SwitchedOff => ErrorCode::NotFound.into(),
            RequestLogInCodeError::Internal(error) => error.into(),
        }
    }
}

impl From<LogInWithCodeError> for ApiError {
    fn from(error: LogInWithCodeError) -> Self {
        match error {
            LogInWithCodeError::SwitchedOff => ErrorCode::NotFound.into(),
            LogInWithCodeError::InvalidCode => ErrorCode::InvalidOtp.into(),
            LogInWithCodeError::Internal(error) => error.into(),
        }
    }
}

impl Example for LogInCodeRequest {
    fn example() -> Self {
        Self {
            email: "user@example.com".into(),
        }
    }
}

impl Example for CodeLogInRequest {
    fn example() -> Self {
        Self {
            email: "user@example.com".into(),
            code: "12345678".to_owned(),
        }
    }
}
