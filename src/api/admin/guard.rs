//! Operators as an argument: an operation that takes an [`AdminReader`] or an [`AdminWriter`] can't run without one.

use poem::{Request, RequestBody, Result};
use poem_openapi::registry::Registry;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::place::AdminPlace;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::guard::{COOKIE_SCHEME, bearer, register_bearer_scheme, register_cookie, request_session};
use crate::api::layers::origin::OwnPage;
use crate::flows::admin::admit_key::{AdmitError, admit_key};
use crate::flows::admin::admit_session::admit_session;
use crate::model::admin::{Access, Operator};
use crate::model::client::Client;

const ADMIN_SCHEME: &str = "adminKey";

/// An operator that may read or, with `WRITES`, change.
#[derive(Debug)]
pub struct Admin<const WRITES: bool>(pub Operator);

pub type AdminReader = Admin<false>;
pub type AdminWriter = Admin<true>;

impl<'a, const WRITES: bool> ApiExtractor<'a> for Admin<WRITES> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let description = "A key that `neptun-auth keys admin create` made. It begins with `nak_`.";
        register_bearer_scheme(registry, ADMIN_SCHEME, description, None);
        register_cookie(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![ADMIN_SCHEME, COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let place = request.extensions().get::<AdminPlace>();
        if place == Some(&AdminPlace::Elsewhere) {
            return Err(ApiError::from(ErrorCode::NotFound).into());
        }
        let access = if WRITES { Access::Write } else { Access::Read };
        let session = request_session(request, body).await?;
        let client = request.extensions().get::<Client>().cloned();
        let client = client.unwrap_or_else(|| Client::new(None, None, None));
        // A key decides even if it is invalid: falling back to the cookie would hide the error from the client.
        let admitted = if let Some(key) = bearer(request) {
            admit_key(session.app(), key, access, &client).await
        } else if place == Some(&AdminPlace::KeysOnly) {
            return Err(ApiError::from(ErrorCode::NotAuthenticated).into());
        } else {
            // The layer has looked where the request comes from; without its word a cookie is not enough.
            if request.extensions().get::<OwnPage>().is_none() {
                return Err(ApiError::from(ErrorCode::OriginNotAllowed).into());
            }
            let signed_in = session.authenticate().await?;
            let signed_in = signed_in.ok_or(ApiError::from(ErrorCode::NotAuthenticated))?;
            admit_session(session.app(), &signed_in, access, &client).await
        };
        Ok(Self(admitted.map_err(ApiError::from)?))
    }
}

impl From<AdmitError> for ApiError {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            AdmitError::NotPermitted(_) => ErrorCode::NotPermitted.into(),
            AdmitError::ProofNeeded(proofs) => Self::needs_proof(ErrorCode::ReauthenticationRequired, proofs),
            AdmitError::Internal(error) => error.into(),
        }
    }
}
