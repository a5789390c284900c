//! `/api/auth/webauthn/…`: registers passkeys and logs in with them, in the two-step protocol of nuxt-auth-utils.

mod errors;
pub mod options;
pub mod passkeys;
mod requests;

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub use self::errors::ERRORS;
use self::options::{CreationOptions, RequestOptions};
use self::requests::{AuthenticateRequest, AuthenticateStep, RegisterRequest, RegisterStep};
use super::body::JsonBody;
use super::error::ApiError;
use super::example;
use super::guard::CurrentUser;
use super::layers::session::RequestSession;
use super::session::SessionUser;
use super::tag::Tag;
use super::time::Time;
use crate::app::App;
use crate::flows::passkey::begin_authentication::begin_authentication;
use crate::flows::passkey::begin_registration::begin_registration;
use crate::flows::passkey::finish_authentication::{PasskeyLogIn, finish_authentication};
use crate::flows::passkey::finish_registration::finish_registration;
use crate::model::client::Client;
use crate::model::session::SignedIn;

/// The operations of this chapter.
pub type Apis = (WebauthnApi, passkeys::PasskeysApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (WebauthnApi(app.clone()), passkeys::PasskeysApi(app.clone()))
}

/// Operations that set or remove the session cookie without requiring one.
pub const WRITE_COOKIE: &[&str] = &["authenticateWithPasskey"];

pub struct WebauthnApi(pub App);

/// The passkey that was added.
#[derive(Debug, Object)]
pub struct AddedPasskey {
    id: Uuid,
    name: String,
}

/// The answer to either step: what the browser needs to make a passkey, or the renewed session and the passkey.
#[derive(Debug, Default, Object)]
#[oai(example)]
pub struct RegisterPasskeyResponse {
    #[oai(rename = "creationOptions", skip_serializing_if_is_none)]
    creation_options: Option<CreationOptions>,
    /// Send it back in the second step, within ten minutes.
    #[oai(rename = "attemptId", skip_serializing_if_is_none)]
    attempt_id: Option<String>,
    /// `true` once the passkey is added.
    #[oai(skip_serializing_if_is_none)]
    verified: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    user: Option<SessionUser>,
    #[oai(rename = "loggedInAt", skip_serializing_if_is_none)]
    logged_in_at: Option<Time>,
    #[oai(skip_serializing_if_is_none)]
    passkey: Option<AddedPasskey>,
}

/// The answer to either step: what the browser needs to use a passkey, or the session.
#[derive(Debug, Default, Object)]
#[oai(example)]
pub struct AuthenticatePasskeyResponse {
    #[oai(rename = "requestOptions", skip_serializing_if_is_none)]
    request_options: Option<RequestOptions>,
    /// Send it back in the second step, within ten minutes.
    #[oai(rename = "attemptId", skip_serializing_if_is_none)]
    attempt_id: Option<String>,
    /// `true` once you are signed in.
    #[oai(skip_serializing_if_is_none)]
    verified: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    user: Option<SessionUser>,
    #[oai(rename = "loggedInAt", skip_serializing_if_is_none)]
    logged_in_at: Option<Time>,
}

#[OpenApi(tag = "Tag::Passkeys")]
impl WebauthnApi {
    /// Add a passkey to your account, in two steps
    ///
    /// With `verify` false, returns `creationOptions` for the browser's `navigator.credentials.create()`, and an
    /// `attemptId`. With `verify` true, takes that `attemptId` and the browser's `response`, adds the passkey, mails
    /// you a notice and sets a new cookie for your session. This is what `useWebAuthn()` of nuxt-auth-utils sends;
    /// `/api/webauthn/register` is the same operation.
    ///
    /// The first step answers 403 `reauthentication_required` without a fresh proof that it is you. Answers 409
    /// `already_set_up` if the passkey is registered already or the account has 20. The second step answers 400
    /// `challenge_expired` ten minutes after the first or in another session, and 400 `passkey_not_accepted` if the
    /// response is not one for this service, or without user verification. Answers 404 `not_found` if the service has
    /// no domain that passkeys could belong to.
    #[oai(
        path = "/api/auth/webauthn/register",
        method = "post",
        operation_id = "registerPasskey"
    )]
    async fn register_passkey(
        &self,
        user: CurrentUser,
        body: JsonBody<RegisterRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<RegisterPasskeyResponse>, ApiError> {
        match requests::read_register(body.fields, &user.0)? {
            RegisterStep::Begin { display_name } => {
                let options = Box::pin(begin_registration(&self.0, &user.0, &client)).await?;
                Ok(Json(RegisterPasskeyResponse {
                    attempt_id: Some(options.attempt.clone()),
                    creation_options: Some(CreationOptions::of(&options, &user.0, display_name)),
                    ..RegisterPasskeyResponse::default()
                }))
            }
            RegisterStep::Finish {
                attempt,
                answer,
                transports,
            } => {
                let finished = finish_registration(&self.0, &user.0, &attempt, &answer, &transports, &client);
                let (renewed, passkey) = Box::pin(finished).await?;
                session.renew(&renewed);
                Ok(Json(RegisterPasskeyResponse {
                    verified: Some(true),
                    user: Some(SessionUser::of(&renewed.signed_in)),
                    logged_in_at: Some(Time(renewed.signed_in.created_at)),
                    passkey: Some(AddedPasskey {
                        id: passkey.id.0,
                        name: passkey.name.as_str().to_owned(),
                    }),
                    ..RegisterPasskeyResponse::default()
                }))
            }
        }
    }

    /// Log in with a passkey, in two steps
    ///
    /// With `verify` false, returns `requestOptions` for the browser's `navigator.credentials.get()`, and an
    /// `attemptId`. The passkey says which account it is for; a `userName` changes nothing. With `verify` true, takes
    /// that `attemptId` and the browser's `response`, and starts a session as a log-in does. A passkey counts as two
    /// factors. If you are signed in to the same account, your session goes on with a fresh proof and a new cookie.
    /// This is what `useWebAuthn()` of nuxt-auth-utils sends; `/api/webauthn/authenticate` is the same operation.
    ///
    /// Answers 401 `invalid_credentials` if no account has the passkey; tell the browser by
    /// `PublicKeyCredential.signalUnknownCredential()`. Answers 400 `challenge_expired` after ten minutes or a second
    /// time, 400 `passkey_not_accepted` if the response is not valid, 403 `account_disabled` if an operator has
    /// disabled the account, and 404 `not_found` if the service has no domain that passkeys could belong to.
    #[oai(
        path = "/api/auth/webauthn/authenticate",
        method = "post",
        operation_id = "authenticateWithPasskey"
    )]
    async fn authenticate_with_passkey(
        &self,
        body: JsonBody<AuthenticateRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<AuthenticatePasskeyResponse>, ApiError> {
        match requests::read_authenticate(body.fields)? {
            AuthenticateStep::Begin => {
                let options = begin_authentication(&self.0).await?;
                Ok(Json(AuthenticatePasskeyResponse {
                    request_options: Some(RequestOptions::of(&options)),
                    attempt_id: Some(options.attempt),
                    ..AuthenticatePasskeyResponse::default()
                }))
            }
            AuthenticateStep::Finish { attempt, answer } => {
                let acting = session.authenticate().await?;
                let start = session.start(client);
                let finished = finish_authentication(&self.0, &attempt, &answer, acting.as_deref(), start);
                // Two steps in one operation would make its future too large for a stack.
                let signed_in = match Box::pin(finished).await? {
                    PasskeyLogIn::SteppedUp(renewed) => {
                        session.renew(&renewed);
                        renewed.signed_in
                    }
                    PasskeyLogIn::LoggedIn(outcome) => session.conclude(outcome)?.signed_in,
                };
                Ok(Json(AuthenticatePasskeyResponse::verified(&signed_in)))
            }
        }
    }
}

impl AuthenticatePasskeyResponse {
    fn verified(signed_in: &SignedIn) -> Self {
        Self {
            verified: Some(true),
            user: Some(SessionUser::of(signed_in)),
            logged_in_at: Some(Time(signed_in.created_at)),
            ..Self::default()
        }
    }
}

impl Example for RegisterPasskeyResponse {
    fn example() -> Self {
        Self {
            creation_options: Some(CreationOptions::example()),
            attempt_id: Some("q83vEjRWeJq83vEjRWeJ".to_owned()),
            ..Self::default()
        }
    }
}

impl Example for AuthenticatePasskeyResponse {
    fn example() -> Self {
        Self::verified(&example::signed_in())
    }
}
