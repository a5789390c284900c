//! `/api/auth/check`, `/api/auth/session`, `/api/auth/verify`, `/api/_auth/session`: whose session is this?

pub mod sessions;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::error::ApiError;
use super::example;
use super::guard::{CookieOrBearerUser, CurrentUser};
use super::layers::session::RequestSession;
use super::tag::Tag;
use super::time::Time;
use crate::api::error::ErrorCode;
use crate::api::formats::EmailText;
use crate::app::App;
use crate::flows::account::log_out::log_out;
use crate::model::session::SignedIn;

/// The operations of this chapter.
pub type Apis = (SessionApi, sessions::SessionsApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (SessionApi(app.clone()), sessions::SessionsApi(app.clone()))
}

/// The errors that operations give for reasons of their own; `spec` adds those that follow from their shape.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    ("revokeSession", &[ErrorCode::NotFound]),
    ("verifySession", &[ErrorCode::EmailNotVerified]),
];

/// Operations that write the session cookie although they ask for none.
pub const WRITE_COOKIE: &[&str] = &["getUserSession", "clearUserSession"];

pub struct SessionApi(pub App);

/// The account that a session is signed in to.
#[derive(Debug, Object)]
pub struct SessionUser {
    id: Uuid,
    /// The address as its owner typed it.
    primary_email: EmailText,
}

/// The account that a session is signed in to, and whether its address is confirmed.
#[derive(Debug, Object)]
pub struct SignedInUser {
    id: Uuid,
    /// The address as its owner typed it.
    primary_email: EmailText,
    /// Whether the owner has shown that they receive mail there.
    email_verified: bool,
}

/// A session that has just started.
#[derive(Debug, Object)]
#[oai(example)]
pub struct SessionResponse {
    user: SessionUser,
    #[oai(rename = "loggedInAt")]
    logged_in_at: Time,
}

/// The session that the request came with.
#[derive(Debug, Object)]
#[oai(example)]
pub struct CurrentSessionResponse {
    user: SignedInUser,
    #[oai(rename = "loggedInAt")]
    logged_in_at: Time,
    /// When the session ends if it is not used again.
    expires_at: Time,
    /// The same as in `user`.
    email_verified: bool,
}

/// What `useUserSession()` of nuxt-auth-utils reads: empty when nobody is signed in.
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
}

/// What `useUserSession().clear()` of nuxt-auth-utils reads.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LoggedOutResponse {
    #[oai(rename = "loggedOut")]
    logged_out: bool,
}

#[derive(ApiResponse)]
enum CheckResponse {
    /// Signed in.
    #[oai(status = 204)]
    SignedIn,
}

#[derive(ApiResponse)]
enum VerifyResponse {
    /// Signed in. The headers are for the application behind the proxy.
    #[oai(status = 204)]
    SignedIn(
        /// The account's id.
        #[oai(header = "X-Auth-User-Id")]
        String,
        /// The account's address; `%` and characters outside ASCII are percent-encoded.
        #[oai(header = "X-Auth-User-Email")]
        String,
        /// The session's public id.
        #[oai(header = "X-Auth-Session-Id")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Session")]
impl SessionApi {
    /// Is anybody signed in?
    ///
    /// The cheapest way to ask: neither answer has a body.
    #[oai(path = "/api/auth/check", method = "head", operation_id = "checkSession")]
    async fn check_session(&self, _user: CurrentUser) -> CheckResponse {
        CheckResponse::SignedIn
    }

    /// Is anybody signed in?
    ///
    /// For clients that can't send HEAD.
    #[oai(path = "/api/auth/check", method = "get", operation_id = "checkSessionByGet")]
    async fn check_session_by_get(&self, _user: CurrentUser) -> CheckResponse {
        CheckResponse::SignedIn
    }

    /// Who is signed in, and until when
    #[oai(path = "/api/auth/session", method = "get", operation_id = "getSession")]
    async fn get_session(&self, user: CurrentUser) -> Json<CurrentSessionResponse> {
        Json(CurrentSessionResponse::of(&user.0))
    }

    /// Forward authentication for nginx, Caddy and Traefik
    ///
    /// The proxy asks here before it passes a request on, and copies the headers of the answer into it. An access token
    /// does as well as the cookie.
    #[oai(path = "/api/auth/verify", method = "get", operation_id = "verifySession")]
    async fn verify_session(&self, user: CookieOrBearerUser) -> Result<VerifyResponse, ApiError> {
        let signed_in = user.0;
        self.0.admit(signed_in.email_verified)?;
        Ok(VerifyResponse::SignedIn(
            signed_in.user_id.0.to_string(),
            utf8_percent_encode(&signed_in.email, OUTSIDE_HEADERS).to_string(),
            signed_in.session_id.0.to_string(),
        ))
    }

    /// The session as nuxt-auth-utils reads it
    ///
    /// An empty object when nobody is signed in.
    #[oai(path = "/api/_auth/session", method = "get", operation_id = "getUserSession")]
    async fn get_user_session(&self, session: RequestSession) -> Result<Json<UserSessionResponse>, ApiError> {
        let signed_in = session.authenticate().await?;
        Ok(Json(
            signed_in.as_deref().map(UserSessionResponse::of).unwrap_or_default(),
        ))
    }

    /// Log out as nuxt-auth-utils does
    #[oai(path = "/api/_auth/session", method = "delete", operation_id = "clearUserSession")]
    async fn clear_user_session(&self, session: RequestSession) -> Result<Json<LoggedOutResponse>, ApiError> {
        log_out(&self.0, session.presented()).await?;
        session.discard();
        Ok(Json(LoggedOutResponse { logged_out: true }))
    }
}

/// What can't stand in a header, and the sign that marks it as encoded.
const OUTSIDE_HEADERS: &AsciiSet = &CONTROLS.add(b'%');

impl SessionUser {
    fn of(signed_in: &SignedIn) -> Self {
        Self {
            id: signed_in.user_id.0,
            primary_email: signed_in.email.clone().into(),
        }
    }
}

impl SessionResponse {
    pub fn of(signed_in: &SignedIn) -> Self {
        Self {
            user: SessionUser::of(signed_in),
            logged_in_at: Time(signed_in.created_at),
        }
    }
}

impl SignedInUser {
    fn of(signed_in: &SignedIn) -> Self {
        Self {
            id: signed_in.user_id.0,
            primary_email: signed_in.email.clone().into(),
            email_verified: signed_in.email_verified,
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
        }
    }
}

impl Example for SessionResponse {
    fn example() -> Self {
        Self::of(&example::signed_in())
    }
}

impl Example for CurrentSessionResponse {
    fn example() -> Self {
        Self::of(&example::signed_in())
    }
}

impl Example for UserSessionResponse {
    fn example() -> Self {
        Self::of(&example::signed_in())
    }
}

impl Example for LoggedOutResponse {
    fn example() -> Self {
        Self { logged_out: true }
    }
}
