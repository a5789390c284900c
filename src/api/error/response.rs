//! An error as a response: its body, its headers, and how the framework sends it.

use poem::error::ResponseError;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::ToJSON;

use super::{Accepts, ApiError, ErrorCode};
use crate::model::unavailable::Unavailable;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The challenge of every 401 (RFC 9110, 15.5.2). Browsers open no dialog for a scheme that they do not know.
const CHALLENGE: &str = "Cookie realm=\"neptun-auth\"";

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
        let headers = response.headers_mut();
        add_waiting(headers, self);
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        if let Some(accepts) = &self.accepts {
            add_accepted(headers, accepts);
        }
        response
    }
}

/// Names what the operation takes (RFC 9110, 15.5.16; for PATCH RFC 5789, 2.2; for POST Linked Data Platform, 7.1).
fn add_accepted(headers: &mut HeaderMap, accepts: &Accepts) {
    let (types, method) = match accepts {
        Accepts::Identity => {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            return;
        }
        Accepts::MediaTypes(types, method) => (HeaderValue::from_static(types), method),
    };
    if *method == Method::POST {
        headers.insert("accept-post", types.clone());
    } else if *method == Method::PATCH {
        headers.insert("accept-patch", types.clone());
    }
    headers.insert(header::ACCEPT, types);
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
