//! `/api/auth/totp` and `/api/auth/recovery-codes`: sets up and removes an authenticator app.

use anyhow::Context;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::api::body::fields::Fields;
use crate::api::body::{JsonBody, OptionalJsonBody};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::example;
use crate::api::guard::CurrentUser;
use crate::api::layers::session::RequestSession;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::factor::confirm_totp::{ConfirmTotpError, confirm_totp};
use crate::flows::factor::remove_totp::{RemoveTotpError, remove_totp};
use crate::flows::factor::renew_recovery_codes::{RenewRecoveryCodesError, renew_recovery_codes};
use crate::flows::factor::start_totp::{StartTotpError, start_totp};
use crate::model::client::Client;
use crate::model::factor::qr;
use crate::model::factor::recovery_code::RecoveryCode;
use crate::model::factor::totp::{DEFAULT_NAME, NAME_LENGTH, TotpCode};

pub struct TotpApi(pub App);

/// A name for your authenticator app.
#[derive(Debug, Object)]
#[oai(example)]
pub struct StartTotpRequest {
    /// By which you recognise the app in your list of factors.
    #[oai(validator(max_length = 64), skip_serializing_if_is_none)]
    name: Option<String>,
}

/// What your authenticator app needs to know. It is shown this once.
#[derive(Debug, Object)]
#[oai(example)]
pub struct StartTotpResponse {
    /// The secret in Base32, to type into an app.
    secret: String,
    /// The secret as an address that opens an app.
    uri: String,
    /// The same address as a QR code, an `<svg>` element without styles and scripts.
    qr_svg: String,
    /// Confirm the first code before this time.
    expires_at: Time,
}

/// The first code that your app shows.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ConfirmTotpRequest {
    /// Six digits; spaces do not matter.
    #[oai(validator(min_length = 6, max_length = 64))]
    code: String,
}

/// Your recovery codes. They are shown this once.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RecoveryCodesResponse {
    recovery_codes: Vec<String>,
}

#[derive(ApiResponse)]
enum RemovedResponse {
    /// The authenticator app is removed.
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(tag = "Tag::Factors")]
impl TotpApi {
    /// Set up an authenticator app
    ///
    /// Returns a secret for your app, also as an address and a QR code. Nothing asks for codes of the app before you
    /// send the first one to `POST /api/auth/totp/confirm`, within ten minutes. Starting again replaces the secret.
    ///
    /// Requires a proof within the last ten minutes that it is you: answers 403 `reauthentication_required` without
    /// one, and 409 `already_set_up` if you have an app.
    #[oai(path = "/api/auth/totp", method = "post", operation_id = "startTotp")]
    async fn start_totp(
        &self,
        user: CurrentUser,
        body: OptionalJsonBody<StartTotpRequest>,
        client: Client,
    ) -> Result<Json<StartTotpResponse>, ApiError> {
        let name = read_name(body.fields)?;
        let started = start_totp(&self.0, &user.0, &name, &client).await?;
        let qr_svg = qr::svg(&started.uri).context("a secret does not fit into a QR code")?;
        Ok(Json(StartTotpResponse {
            secret: started.secret.reveal(),
            uri: started.uri,
            qr_svg,
            expires_at: Time(started.expires_at),
        }))
    }

    /// Confirm your authenticator app
    ///
    /// Takes the first code of the app, which then counts as used. From now on a log-in takes a code of the app.
    /// Returns ten recovery codes, each of which replaces one code of the app. Ends every other session of your
    /// account, those of the token API included, and sets a new cookie for this one.
    ///
    /// Answers 400 `invalid_otp` if the code is wrong, 404 `not_found` if no app waits for its first code in this
    /// session, and 429 `too_many_requests` after too many wrong codes.
    #[oai(path = "/api/auth/totp/confirm", method = "post", operation_id = "confirmTotp")]
    async fn confirm_totp(
        &self,
        user: CurrentUser,
        body: JsonBody<ConfirmTotpRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<RecoveryCodesResponse>, ApiError> {
        let mut fields = body.fields;
        let code = fields.code("code");
        let code = TotpCode::parse(&fields.finish(code)?).map_err(|_| ApiError::from(ErrorCode::InvalidOtp))?;
        let (renewed, codes) = confirm_totp(&self.0, &user.0, code, &client).await?;
        session.renew(&renewed);
        Ok(Json(RecoveryCodesResponse::of(&codes)))
    }

    /// Remove your authenticator app
    ///
    /// Removes your recovery codes too. A log-in takes one step again.
    ///
    /// Requires a second factor within the last ten minutes: answers 403 `reauthentication_required` without one.
    /// Answers 404 `not_found` if you have no app.
    #[oai(path = "/api/auth/totp", method = "delete", operation_id = "removeTotp")]
    async fn remove_totp(&self, user: CurrentUser, client: Client) -> Result<RemovedResponse, ApiError> {
        remove_totp(&self.0, &user.0, &client).await?;
        Ok(RemovedResponse::Removed)
    }

    /// Get new recovery codes
    ///
    /// Returns ten new codes; the old ones stop working.
    ///
    /// Requires a second factor within the last ten minutes: answers 403 `reauthentication_required` without one.
    /// Answers 404 `not_found` if you have no authenticator app.
    #[oai(
        path = "/api/auth/recovery-codes",
        method = "post",
        operation_id = "renewRecoveryCodes"
    )]
    async fn renew_recovery_codes(
        &self,
        user: CurrentUser,
        client: Client,
    ) -> Result<Json<RecoveryCodesResponse>, ApiError> {
        let codes = renew_recovery_codes(&self.0, &user.0, &client).await?;
        Ok(Json(RecoveryCodesResponse::of(&codes)))
    }
}

fn read_name(mut fields: Fields) -> Result<String, ApiError> {
    let name = fields.optional_text("name", NAME_LENGTH);
    fields.finish(Some(()))?;
    let name = name.unwrap_or_default();
    let name = name.trim();
    Ok(if name.is_empty() { DEFAULT_NAME } else { name }.to_owned())
}

impl RecoveryCodesResponse {
    fn of(codes: &[RecoveryCode]) -> Self {
        Self {
            recovery_codes: codes.iter().map(RecoveryCode::reveal).collect(),
        }
    }
}

impl From<StartTotpError> for ApiError {
    fn from(error: StartTotpError) -> Self {
        match error {
            StartTotpError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            StartTotpError::AlreadySetUp => ErrorCode::AlreadySetUp.into(),
            StartTotpError::Reauthentication(error) => error.into(),
            StartTotpError::Internal(error) => error.into(),
        }
    }
}

impl From<ConfirmTotpError> for ApiError {
    fn from(error: ConfirmTotpError) -> Self {
        match error {
            ConfirmTotpError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            ConfirmTotpError::NothingPending => ErrorCode::NotFound.into(),
            ConfirmTotpError::InvalidCode => ErrorCode::InvalidOtp.into(),
            ConfirmTotpError::Internal(error) => error.into(),
        }
    }
}

impl From<RemoveTotpError> for ApiError {
    fn from(error: RemoveTotpError) -> Self {
        match error {
            RemoveTotpError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            RemoveTotpError::NotSetUp => ErrorCode::NotFound.into(),
            RemoveTotpError::Reauthentication(error) => error.into(),
            RemoveTotpError::Internal(error) => error.into(),
        }
    }
}

impl From<RenewRecoveryCodesError> for ApiError {
    fn from(error: RenewRecoveryCodesError) -> Self {
        match error {
            RenewRecoveryCodesError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            RenewRecoveryCodesError::NotSetUp => ErrorCode::NotFound.into(),
            RenewRecoveryCodesError::Reauthentication(error) => error.into(),
            RenewRecoveryCodesError::Internal(error) => error.into(),
        }
    }
}

impl Example for StartTotpRequest {
    fn example() -> Self {
        Self {
            name: Some("My phone".to_owned()),
        }
    }
}

impl Example for StartTotpResponse {
    fn example() -> Self {
        Self {
            secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned(),
            uri: "otpauth://totp/Example:user%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example\
                  &algorithm=SHA1&digits=6&period=30"
                .to_owned(),
            qr_svg: "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".to_owned(),
            expires_at: Time(example::signed_in().created_at),
        }
    }
}

impl Example for ConfirmTotpRequest {
    fn example() -> Self {
        Self {
            code: "123456".to_owned(),
        }
    }
}

impl Example for RecoveryCodesResponse {
    fn example() -> Self {
        Self {
            recovery_codes: vec!["2345-6789-ABCD".to_owned()],
        }
    }
}
