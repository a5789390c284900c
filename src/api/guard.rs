//! Authorisation as an argument: an operation that takes a [`CurrentUser`] can't run without one, and the OpenAPI
//! document lists the credential it needs.

use std::sync::Arc;

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use uuid::Uuid;

use super::error::django::TokenError;
use super::error::{ApiError, ErrorCode};
use super::layers::session::RequestSession;
use crate::flows::token::authenticate_token::authenticate_token;
use crate::model::session::SignedIn;
use crate::model::session::cookie::SessionCookie;
use crate::model::session::secret::SessionSecret;

/// Names of the security schemes in the OpenAPI document.
pub const COOKIE_SCHEME: &str = "sessionCookie";
const BEARER_SCHEME: &str = "bearerToken";

/// The account that the request's session cookie is signed in to.
#[derive(Debug)]
pub struct CurrentUser(pub Arc<SignedIn>);

/// The session that the request's cookie presents, with its secret, for a client that only follows what happens to it.
/// This does not count as a use of the session.
#[derive(Debug)]
pub struct Follower(pub SessionSecret, pub Arc<SignedIn>);

/// The account that the request's access token was issued to.
#[derive(Debug)]
pub struct BearerUser(pub SignedIn);

/// The account of the request's access token or, without a token, of its session cookie.
#[derive(Debug)]
pub struct CookieOrBearerUser(pub Arc<SignedIn>);

impl<'a> ApiExtractor<'a> for CurrentUser {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_cookie(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let session = request_session(request, body).await?;
        Ok(Self(
            session
                .authenticate()
                .await?
                .ok_or(ApiError::from(ErrorCode::NotAuthenticated))?,
        ))
    }
}

impl<'a> ApiExtractor<'a> for Follower {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_cookie(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let session = request_session(request, body).await?;
        let found = session.look_up().await?;
        let (secret, signed_in) = found.ok_or(ApiError::from(ErrorCode::NotAuthenticated))?;
        Ok(Self(secret, signed_in))
    }
}

impl<'a> ApiExtractor<'a> for BearerUser {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_bearer(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER_SCHEME]
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let session = request_session(request, body).await?;
        let token = bearer(request).ok_or(TokenError::NotAuthenticated)?;
        let signed_in = authenticate_token(session.app(), token).await.map_err(ApiError::from)?;
        Ok(Self(signed_in.ok_or(TokenError::TokenNotValid)?))
    }
}

impl<'a> ApiExtractor<'a> for CookieOrBearerUser {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_cookie(registry);
        register_bearer(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE_SCHEME, BEARER_SCHEME]
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let session = request_session(request, body).await?;
        // A token decides even if it is invalid: falling back to the cookie would hide the error from the client.
        let signed_in = match bearer(request) {
            Some(token) => authenticate_token(session.app(), token)
                .await
                .map_err(ApiError::from)?
                .map(Arc::new),
            None => session.authenticate().await?,
        };
        Ok(Self(signed_in.ok_or(ApiError::from(ErrorCode::NotAuthenticated))?))
    }
}

/// Rejects any other account with the error for one that does not exist, so that the answer reveals nothing.
pub fn ensure_own(user_id: &str, signed_in: &SignedIn) -> Result<(), ApiError> {
    let is_own = user_id == "me" || user_id.parse::<Uuid>().is_ok_and(|id| id == signed_in.user_id.0);
    is_own.then_some(()).ok_or(ErrorCode::NotFound.into())
}

/// The session of the request, which also has the tools.
pub async fn request_session(request: &Request, body: &mut RequestBody) -> Result<RequestSession> {
    <RequestSession as FromRequest>::from_request(request, body).await
}

/// The request's only bearer token. Other schemes are ignored: behind a proxy they may belong to the application.
pub fn bearer(request: &Request) -> Option<&str> {
    const SCHEME: &[u8] = b"bearer";
    let mut tokens = request
        .headers()
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|header| {
            let (scheme, token) = header.as_bytes().split_at_checked(SCHEME.len())?;
            let is_bearer = scheme.eq_ignore_ascii_case(SCHEME) && token.first().is_some_and(u8::is_ascii_whitespace);
            // A token that is not UTF-8 becomes an empty one, which is invalid but still decides.
            is_bearer.then(|| std::str::from_utf8(token.trim_ascii()).unwrap_or_default())
        });
    // Two tokens are ambiguous: the empty string stands for an invalid one.
    tokens
        .next()
        .map(|first| if tokens.next().is_some() { "" } else { first })
}

/// Describes the session cookie.
pub fn register_cookie(registry: &mut Registry) {
    let description = "The cookie that sign-up and log-in set. A browser stores it, and sends it when your page calls \
        with `credentials: \"include\"`.";
    // `spec` replaces the default name with the configured one.
    let scheme = scheme("apiKey", description, Some(SessionCookie::DEFAULT_NAME), Some("cookie"));
    registry.create_security_scheme(COOKIE_SCHEME, scheme);
}

fn register_bearer(registry: &mut Registry) {
    let description = "An access token from the token API or from `POST /api/auth/token`.";
    register_bearer_scheme(registry, BEARER_SCHEME, description, Some("JWT"));
}

/// Describes a credential that clients send as `Authorization: Bearer`.
pub fn register_bearer_scheme(
    registry: &mut Registry,
    name: &'static str,
    description: &'static str,
    bearer_format: Option<&'static str>,
) {
    let scheme = MetaSecurityScheme {
        scheme: Some("bearer"),
        bearer_format,
        ..scheme("http", description, None, None)
    };
    registry.create_security_scheme(name, scheme);
}

fn scheme(
    ty: &'static str,
    description: &'static str,
    name: Option<&'static str>,
    key_in: Option<&'static str>,
) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty,
        description: Some(description),
        name,
        key_in,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}
