//! Authorisation as an argument: an operation that takes a [`CurrentUser`] can't run without one, and says so in the
//! document.

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::error::{ApiError, ErrorCode};
use super::layers::session::RequestSession;
use crate::model::session::SignedIn;
use crate::model::session_cookie::SessionCookie;

/// The name of the cookie's security scheme in the document.
pub const COOKIE_SCHEME: &str = "sessionCookie";

/// The account whose session cookie came with the request.
#[derive(Debug)]
pub struct CurrentUser(pub SignedIn);

impl<'a> ApiExtractor<'a> for CurrentUser {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            COOKIE_SCHEME,
            MetaSecurityScheme {
                ty: "apiKey",
                description: Some(
                    "The cookie that sign-up and log-in set. Browsers keep and send it by themselves when a page calls \
                     with `credentials: \"include\"`.",
                ),
                // With an https public URL the name gets a prefix; `spec` writes the configured one.
                name: Some(SessionCookie::DEFAULT_NAME),
                key_in: Some("cookie"),
                scheme: None,
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE_SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let session = <RequestSession as FromRequest>::from_request(request, body).await?;
        let signed_in = session.authenticate().await?;
        Ok(Self(
            signed_in.ok_or_else(|| ApiError::from(ErrorCode::NotAuthenticated))?,
        ))
    }
}
