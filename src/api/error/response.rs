//! An error as a response: its body, its headers, and how the framework sends it.

use poem::error::ResponseError;
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::ToJSON;

use super::{ApiError, ErrorCode};
use crate::model::unavailable::Unavailable;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl ApiError {
    /// The response that the client receives.
    #[must_use]
    pub fn to_response(&self) -> Response {
        let mut response = Response::builder()
            .status(self.code.status())
            .content_type("application/json; charset=utf-8")
            .body(Body::from(self.body().to_json_string()));
        // The token API's layer reads this and replaces the body with its own shape.
        response.set_data(self.clone());
        add_waiting(response.headers_mut(), self);
        response
    }
}

/// Adds `Retry-After`, and the limit in the headers of the IETF draft draft-ietf-httpapi-ratelimit-headers.
fn add_waiting(headers: &mut HeaderMap, error: &ApiError) {
    if error.code == ErrorCode::Unavailable {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(Unavailable::RETRY_AFTER));
    }
    let Some(throttled) = &error.throttled else { return };
    let (limit, wait) = (throttled.limit, throttled.retry_after);
    let (quota, window) = (throttled.rate.count(), throttled.rate.period().as_secs());
    headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    for (name, value) in [
        (RATE_LIMIT_POLICY, format!("\"{limit}\";q={quota};w={window}")),
        (RATE_LIMIT, format!("\"{limit}\";r=0;t={wait}")),
    ] {
        headers.insert(
            name,
            HeaderValue::try_from(value).expect("names of limits are header characters"),
        );
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.code.status()
    }

    fn as_response(&self) -> Response {
        self.to_response()
    }
}

/// No responses: `spec` adds the errors to every operation of the document by one rule.
impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        MetaResponses { responses: Vec::new() }
    }

    fn register(_: &mut Registry) {}
}
