//! `/api/auth/login/second-factor` and `/api/auth/reauthenticate`: what a client proves with its factors.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::body::JsonBody;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, ErrorCode, Issue, IssueCode};
use crate::api::formats::PasswordText;
use crate::api::guard::CurrentUser;
use crate::api::layers::session::RequestSession;
use crate::api::session::{CurrentSessionResponse, SessionResponse};
use crate::api::success::SuccessResponse;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::factor::finish_log_in::{FinishLogInError, finish_log_in};
use crate::flows::factor::send_proof_code::send_proof_code;
use crate::flows::factor::step_up::{FreshProof, StepUpError, step_up};
use crate::model::client::Client;
use crate::model::factor::second_factor::{MalformedFactor, SecondFactor};
use crate::model::mail::code::Code;

pub struct ProofsApi(pub App);

/// A code of your authenticator app, or a recovery code: one of the two.
#[derive(Debug, Object)]
#[oai(example)]
pub struct SecondFactorRequest {
    /// Six digits; spaces do not matter.
    #[oai(validator(min_length = 6, max_length = 64), skip_serializing_if_is_none)]
    code: Option<String>,
    /// Works once. Case, spaces and hyphens do not matter.
    #[oai(validator(min_length = 12, max_length = 64), skip_serializing_if_is_none)]
    recovery_code: Option<String>,
}

/// One proof that it is you.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ReauthenticateRequest {
    #[oai(validator(min_length = 1, max_length = 256), skip_serializing_if_is_none)]
    current_password: Option<PasswordText>,
    /// A code of your authenticator app: six digits; spaces do not matter.
    #[oai(validator(min_length = 6, max_length = 64), skip_serializing_if_is_none)]
    code: Option<String>,
    #[oai(validator(min_length = 12, max_length = 64), skip_serializing_if_is_none)]
    recovery_code: Option<String>,
    /// The code from `POST /api/auth/reauthenticate/code`.
    #[oai(validator(min_length = 1, max_length = 64), skip_serializing_if_is_none)]
    mail_code: Option<String>,
}

#[OpenApi(tag = "Tag::Factors")]
impl ProofsApi {
    /// Finish a log-in with the second factor
    ///
    /// Call it with the cookie that came with `second_factor_required`, within ten minutes and from the same browser.
    /// Returns the account and sets a new session cookie.
    ///
    /// Answers 400 `invalid_otp` if the code is wrong or was used before; the fifth wrong code ends the log-in. Answers
    /// 401 `not_authenticated` if there is no log-in to finish, or your password has changed since: start again.
    /// Answers 429 `too_many_requests` after too many wrong codes for one account.
    #[oai(
        path = "/api/auth/login/second-factor",
        method = "post",
        operation_id = "finishLogIn"
    )]
    async fn finish_log_in(
        &self,
        body: JsonBody<SecondFactorRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<SessionResponse>, ApiError> {
        let mut fields = body.fields;
        let name = one_of(&mut fields, &["code", "recovery_code"]);
        let text = name.and_then(|name| fields.code(name));
        let (name, text) = fields.finish(name.zip(text))?;
        let factor = read_factor(name, &text)?;
        let started = finish_log_in(&self.0, &factor, session.start(client)).await?;
        session.adopt(&started);
        Ok(Json(SessionResponse::of(&started.signed_in)))
    }

    /// Prove again that it is you
    ///
    /// Send exactly one proof, of a kind that `methods` names in `reauthentication_required`. For ten minutes you can
    /// then do what requires a fresh proof. Returns your session and sets a new cookie for it.
    ///
    /// Answers 400 `validation_error` with the issue `incorrect` if the current password is wrong, and 400
    /// `invalid_otp` if a code is wrong, expired or was used before. Answers 403 `reauthentication_required` for a kind
    /// of proof that is not enough for your account: a password where you have an authenticator app, a mailed code
    /// where you have anything else. Answers 429 `too_many_requests` after too many wrong passwords or codes.
    #[oai(path = "/api/auth/reauthenticate", method = "post", operation_id = "reauthenticate")]
    async fn reauthenticate(
        &self,
        user: CurrentUser,
        body: JsonBody<ReauthenticateRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<CurrentSessionResponse>, ApiError> {
        let proof = read_proof(body.fields)?;
        let renewed = step_up(&self.0, &user.0, proof, &client).await?;
        session.renew(&renewed);
        Ok(Json(CurrentSessionResponse::of(&renewed.signed_in)))
    }

    /// Mail a code that proves that it is you
    ///
    /// For accounts with neither a password nor a factor; send the code to `POST /api/auth/reauthenticate`. A code is
    /// valid for ten minutes and five guesses; a new one replaces it.
    ///
    /// Answers 403 `reauthentication_required` if your account has something else to prove it with, and 429
    /// `too_many_requests` after three codes in an hour.
    #[oai(
        path = "/api/auth/reauthenticate/code",
        method = "post",
        operation_id = "sendReauthenticationCode"
    )]
    async fn send_code(&self, user: CurrentUser, client: Client) -> Result<Json<SuccessResponse>, ApiError> {
        send_proof_code(&self.0, &user.0, &client).await?;
        Ok(SuccessResponse::saying("Successfully sent code."))
    }
}

/// The one field of `names` that the body has.
fn one_of(fields: &mut Fields, names: &[&'static str]) -> Option<&'static str> {
    let given: Vec<_> = names.iter().copied().filter(|name| fields.is_given(name)).collect();
    if let [name] = given.as_slice() {
        return Some(name);
    }
    fields.add(Issue {
        code: IssueCode::Required,
        path: Vec::new(),
        message: format!("Send exactly one of {}", names.join(", ")),
    });
    None
}

/// A text that can't be a code is a wrong code.
fn read_factor(name: &str, text: &str) -> Result<SecondFactor, ApiError> {
    let read = match name {
        "code" => SecondFactor::code(text),
        _ => SecondFactor::recovery_code(text),
    };
    read.map_err(|MalformedFactor| ErrorCode::InvalidOtp.into())
}

fn read_proof(mut fields: Fields) -> Result<FreshProof, ApiError> {
    let names = ["current_password", "code", "recovery_code", "mail_code"];
    match one_of(&mut fields, &names) {
        Some("current_password") => {
            let password = fields.password("current_password");
            Ok(FreshProof::Password(fields.finish(password)?))
        }
        Some(name) => {
            let text = fields.code(name);
            let text = fields.finish(text)?;
            Ok(match name {
                "mail_code" => FreshProof::MailCode(Code::new(&text)),
                name => FreshProof::SecondFactor(read_factor(name, &text)?),
            })
        }
        None => fields.finish(None),
    }
}

impl From<FinishLogInError> for ApiError {
    fn from(error: FinishLogInError) -> Self {
        match error {
            FinishLogInError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            FinishLogInError::InvalidCode => ErrorCode::InvalidOtp.into(),
            FinishLogInError::Internal(error) => error.into(),
        }
    }
}

impl From<StepUpError> for ApiError {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            StepUpError::InvalidCode => ErrorCode::InvalidOtp.into(),
            StepUpError::Reauthentication(error) => error.into(),
            StepUpError::Internal(error) => error.into(),
        }
    }
}

impl Example for SecondFactorRequest {
    fn example() -> Self {
        Self {
            code: Some("123456".to_owned()),
            recovery_code: None,
        }
    }
}

impl Example for ReauthenticateRequest {
    fn example() -> Self {
        Self {
            current_password: Some("yourpassword".into()),
            code: None,
            recovery_code: None,
            mail_code: None,
        }
    }
}
