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
use self::requests::{
    AuthenticateRequest, AuthenticateStep, FinishedPasskey, RegisterRequest, RegisterStep, SignUpStep,
};
use super::body::JsonBody;
use super::body::fields::Fields;
use super::error::{ApiError, ErrorCode};
use super::example;
use super::layers::session::RequestSession;
use super::session::SessionUser;
use super::tag::Tag;
use super::time::Time;
use crate::app::App;
use crate::flows::passkey::begin_authentication::begin_authentication;
use crate::flows::passkey::begin_registration::begin_registration;
use crate::flows::passkey::begin_sign_up::begin_sign_up;
use crate::flows::passkey::finish_authentication::{PasskeyLogIn, finish_authentication};
use crate::flows::passkey::finish_registration::finish_registration;
use crate::flows::passkey::finish_sign_up::finish_sign_up;
use crate::model::client::Client;
use crate::model::passkey::stored::NewPasskey;
use crate::model::session::SignedIn;

/// The operations of this chapter.
pub type Apis = (WebauthnApi, passkeys::PasskeysApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (WebauthnApi(app.clone()), passkeys::PasskeysApi(app.clone()))
}

/// Operations that set or remove the session cookie without requiring one.
pub const WRITE_COOKIE: &[&str] = &["registerPasskey", "authenticateWithPasskey"];

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
    /// you a notice and sets a new cookie for your session. Where the operator allows it, the same two steps without a
    /// session make an account for the address in `user.userName`, without a password, and sign you in to it. This is
    /// what `useWebAuthn()` of nuxt-auth-utils sends; `/api/webauthn/register` is the same operation.
    ///
    /// The first step answers 403 `reauthentication_required` without a fresh proof that it is you. Answers 409
    /// `already_set_up` if the passkey is registered already or the account has 20. The second step answers 400
    /// `challenge_expired` ten minutes after the first or in another session, and 400 `passkey_not_accepted` if the
    /// response is not one for this service, or without user verification. Without a session, answers 401
    /// `not_authenticated` where passkeys make no accounts, and 409 `email_taken` if the address has one. Answers 404
    /// `not_found` if the service has no domain that passkeys could belong to.
    #[oai(
        path = "/api/auth/webauthn/register",
        method = "post",
        operation_id = "registerPasskey"
    )]
    async fn register_passkey(
        &self,
        body: JsonBody<RegisterRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<RegisterPasskeyResponse>, ApiError> {
        let answer = match session.authenticate().await? {
            Some(user) => Box::pin(register(&self.0, &user, body.fields, &session, &client)).await?,
            None if self.0.passkeys.make_accounts => Box::pin(sign_up(&self.0, body.fields, &session, client)).await?,
            None => return Err(ErrorCode::NotAuthenticated.into()),
        };
        Ok(Json(answer))
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

/// Either step of adding a passkey to the account of `user`.
async fn register(
    app: &App,
    user: &SignedIn,
    fields: Fields,
    session: &RequestSession,
    client: &Client,
) -> Result<RegisterPasskeyResponse, ApiError> {
    match requests::read_register(fields, user)? {
        RegisterStep::Begin { display_name } => {
            let options = begin_registration(app, user, client).await?;
            let shown = CreationOptions::of(&options, user.user_id, &user.email, display_name);
            Ok(RegisterPasskeyResponse::begun(shown, options.attempt))
        }
        RegisterStep::Finish(FinishedPasskey {
            attempt,
            answer,
            transports,
        }) => {
            let finished = finish_registration(app, user, &attempt, &answer, &transports, client);
            let (renewed, passkey) = finished.await?;
            session.renew(&renewed);
            Ok(RegisterPasskeyResponse::verified(&renewed.signed_in, &passkey))
        }
    }
}

/// Either step of making an account with a passkey.
async fn sign_up(
    app: &App,
    fields: Fields,
    session: &RequestSession,
    client: Client,
) -> Result<RegisterPasskeyResponse, ApiError> {
    match requests::read_sign_up(fields, &app.mailer)? {
        SignUpStep::Begin { email, display_name } => {
            let (user, options) = begin_sign_up(app, &email, &client).await?;
            let shown = CreationOptions::of(&options, user, email.typed(), display_name);
            Ok(RegisterPasskeyResponse::begun(shown, options.attempt))
        }
        SignUpStep::Finish(FinishedPasskey {
            attempt,
            answer,
            transports,
        }) => {
            let finished = finish_sign_up(app, &attempt, &answer, &transports, session.start(client));
            let (started, passkey) = finished.await?;
            session.adopt(&started);
            Ok(RegisterPasskeyResponse::verified(&started.signed_in, &passkey))
        }
    }
}

impl RegisterPasskeyResponse {
    fn begun(options: CreationOptions, attempt: String) -> Self {
        Self {
            creation_options: Some(options),
            attempt_id: Some(attempt),
            ..Self::default()
        }
    }

    fn verified(signed_in: &SignedIn, passkey: &NewPasskey) -> Self {
        Self {
            verified: Some(true),
            user: Some(SessionUser::of(signed_in)),
            logged_in_at: Some(Time(signed_in.created_at)),
            passkey: Some(AddedPasskey {
                id: passkey.id.0,
                name: passkey.name.as_str().to_owned(),
            }),
            ..Self::default()
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
