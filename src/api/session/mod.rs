//! `/api/auth/check`, `/api/auth/session`, `/api/auth/verify`, `/api/_auth/session`: the session that a request
//! presents.

mod examples;
mod oauth;
pub mod sessions;
mod user;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::error::ApiError;
use super::guard::{CookieOrBearerUser, CurrentUser};
use super::layers::session::RequestSession;
use super::tag::Tag;
use super::time::Time;
use crate::api::error::ErrorCode;
use crate::app::App;
use crate::flows::account::log_out::log_out;
use crate::model::client::Client;
use crate::model::session::SignedIn;
pub use user::SessionUser;
use user::SignedInUser;

/// The operations of this chapter.
pub type Apis = (SessionApi, sessions::SessionsApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (SessionApi(app.clone()), sessions::SessionsApi(app.clone()))
}

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    ("revokeSession", &[ErrorCode::NotFound]),
    ("verifySession", &[ErrorCode::EmailNotVerified]),
];

/// Operations that set or remove the session cookie without requiring one.
pub const WRITE_COOKIE: &[&str] = &["getUserSession", "clearUserSession"];

pub struct SessionApi(pub App);

/// Your session.
#[derive(Debug, Object)]
#[oai(example)]
pub struct SessionResponse {
    user: SessionUser,
    #[oai(rename = "loggedInAt")]
    logged_in_at: Time,
}

/// The session that your request presents.
#[derive(Debug, Object)]
#[oai(example)]
pub struct CurrentSessionResponse {
    user: SignedInUser,
    #[oai(rename = "loggedInAt")]
    logged_in_at: Time,
    /// When the session expires if you do not use it again.
    expires_at: Time,
    /// The same as in `user`.
    email_verified: bool,
    /// The last time at which you proved that it is you, by log-in or by a fresh proof.
    authenticated_at: Time,
    /// How you proved it, by the names of RFC 8176 (`pwd`, `otp`, `mfa`, `hwk`, `swk`) and by `mail`, `fed` and
    /// `recovery`.
    amr: Vec<String>,
}

/// The session as `useUserSession()` of nuxt-auth-utils reads it; empty if you are not signed in.
#[derive(Debug, Default, Object)]
#[oai(example)]
pub struct UserSessionResponse {
    #[oai(skip_serializing_if_is_none)]
    user: Option<SignedInUser>,
    #[oai(rename = "loggedInAt", skip_serializing_if_is_none)]
    logged_in_at: Option<Time>,
    #[oai(skip_serializing_if_is_none)]
    expires_at: Option<Time>,
    #[oai(skip_serializing_if_is_none)]
    email_verified: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    authenticated_at: Option<Time>,
    #[oai(skip_serializing_if_is_none)]
    amr: Option<Vec<String>>,
}

/// The answer that `useUserSession().clear()` of nuxt-auth-utils reads.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LoggedOutResponse {
    /// Always `true`.
    #[oai(rename = "loggedOut")]
    logged_out: bool,
}

#[derive(ApiResponse)]
enum CheckResponse {
    /// You are signed in.
    #[oai(status = 204)]
    SignedIn,
}

#[derive(ApiResponse)]
enum VerifyResponse {
    /// You are signed in. The headers are for the application behind the proxy.
    #[oai(status = 204)]
    SignedIn(
        /// The account's id.
        #[oai(header = "X-Auth-User-Id")]
        String,
        /// The account's address, if it is confirmed; `%` and characters outside ASCII are percent-encoded.
        #[oai(header = "X-Auth-User-Email")]
        Option<String>,
        /// `true` if the account's address is confirmed, otherwise `false`.
        #[oai(header = "X-Auth-Email-Verified")]
        bool,
        /// The session's public id.
        #[oai(header = "X-Auth-Session-Id")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Sessions")]
impl SessionApi {
    /// Check whether you are signed in
    ///
    /// Answers 204 if your session is alive and 401 if it is not. This is the cheapest check: neither answer has a
    /// body.
    #[oai(path = "/api/auth/check", method = "head", operation_id = "checkSession")]
    async fn check_session(&self, _user: CurrentUser) -> CheckResponse {
        CheckResponse::SignedIn
    }

    /// Check whether you are signed in, by GET
    ///
    /// Does the same as HEAD, for clients that can't send HEAD: answers 204 if your session is alive and 401 if it is
    /// not.
    #[oai(path = "/api/auth/check", method = "get", operation_id = "checkSessionByGet")]
    async fn check_session_by_get(&self, _user: CurrentUser) -> CheckResponse {
        CheckResponse::SignedIn
    }

    /// Get the current session
    ///
    /// Returns the account you are signed in to, the time of your log-in, and the time when the session expires.
    /// Answers 401 `not_authenticated` if you are not signed in.
    #[oai(path = "/api/auth/session", method = "get", operation_id = "getSession")]
    async fn get_session(&self, user: CurrentUser) -> Json<CurrentSessionResponse> {
        Json(CurrentSessionResponse::of(&user.0))
    }

    /// Authenticate a request for nginx, Caddy, Traefik or Envoy
    ///
    /// Let your proxy call this before it forwards a request, and copy the `X-Auth-…` headers of the answer into that
    /// request. Accepts the session cookie or an access token; if both are sent, the token decides. Every method does
    /// the same as GET. For Envoy, a path may follow; the answer is then 200 instead of 204.
    ///
    /// Answers 401 `not_authenticated` without a live session, and 403 `email_not_verified` if the service requires a
    /// confirmed address and yours is not. If the service has a log-in page for it, a browser that opens a page without
    /// a session is redirected there with 302.
    #[oai(path = "/api/auth/verify", method = "get", operation_id = "verifySession")]
    async fn verify_session(&self, user: CookieOrBearerUser) -> Result<VerifyResponse, ApiError> {
        let signed_in = user.0;
        self.0.require_verified(signed_in.email_verified)?;
        let email = || utf8_percent_encode(&signed_in.email, OUTSIDE_HEADERS).to_string();
        Ok(VerifyResponse::SignedIn(
            signed_in.user_id.0.to_string(),
            // The application behind the proxy takes an address in this header for proven.
            signed_in.email_verified.then(email),
            signed_in.email_verified,
            signed_in.session_id.0.to_string(),
        ))
    }

    /// Get the session for nuxt-auth-utils
    ///
    /// Returns the session as `useUserSession()` reads it, or an empty object if you are not signed in.
    #[oai(path = "/api/_auth/session", method = "get", operation_id = "getUserSession")]
    async fn get_user_session(&self, session: RequestSession) -> Result<Json<UserSessionResponse>, ApiError> {
        let signed_in = session.authenticate().await?;
        Ok(Json(
            signed_in.as_deref().map(UserSessionResponse::of).unwrap_or_default(),
        ))
    }

    /// Log out for nuxt-auth-utils
    ///
    /// Ends the current session, if there is one, and removes the session cookie.
    #[oai(path = "/api/_auth/session", method = "delete", operation_id = "clearUserSession")]
    async fn clear_user_session(
        &self,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<LoggedOutResponse>, ApiError> {
        log_out(&self.0, &session.presented(), &client).await?;
        session.discard();
        Ok(Json(LoggedOutResponse { logged_out: true }))
    }
}

/// Control characters can't stand in a header, and `%` marks an encoded character.
const OUTSIDE_HEADERS: &AsciiSet = &CONTROLS.add(b'%');

impl SessionResponse {
    pub fn of(signed_in: &SignedIn) -> Self {
        Self {
            user: SessionUser::of(signed_in),
            logged_in_at: Time(signed_in.created_at),
        }
    }
}

impl CurrentSessionResponse {
    pub fn of(signed_in: &SignedIn) -> Self {
        Self {
            user: SignedInUser::of(signed_in),
            logged_in_at: Time(signed_in.created_at),
            expires_at: Time(signed_in.expires_at()),
            email_verified: signed_in.email_verified,
            authenticated_at: Time(signed_in.authenticated_at),
            amr: signed_in.methods.names().into_iter().map(Into::into).collect(),
        }
    }
}

impl UserSessionResponse {
    fn of(signed_in: &SignedIn) -> Self {
        Self {
            user: Some(SignedInUser::of(signed_in)),
            logged_in_at: Some(Time(signed_in.created_at)),
            expires_at: Some(Time(signed_in.expires_at())),
            email_verified: Some(signed_in.email_verified),
            authenticated_at: Some(Time(signed_in.authenticated_at)),
            amr: Some(signed_in.methods.names().into_iter().map(Into::into).collect()),
        }
    }
}
