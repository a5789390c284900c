//! The differences of the token API: its paths work with and without the final slash, and all its errors have Django
//! REST's shape, also those from layers and the framework.

use std::sync::Arc;

use poem::http::Uri;
use poem::{Body, Endpoint, Request, Response, Result};
use serde_json::{Value, json};

use crate::api::error::{ApiError, ErrorCode};

/// Paths outside the token API that also work with a final slash, because the same clients call them.
const ALSO_SLASHED: &[&str] = &["/api/auth/token", "/.well-known/jwks.json"];

/// Every path of the token API, as the OpenAPI document and the framework know it.
pub const PATHS: &[&str] = &[
    "/api/sign-up",
    "/api/token",
    "/api/token/refresh",
    "/api/token/verify",
    "/api/token/blacklist",
    "/api/me",
];

pub async fn token_api<E>(next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let Some(path) = PATHS.iter().chain(ALSO_SLASHED).find(|known| **known == path) else {
        return Ok(next.get_response(request).await);
    };
    *request.uri_mut() = Uri::from_static(path);
    let mut response = next.get_response(request).await;
    if let Some(error) = response.data::<ApiError>().filter(|_| PATHS.contains(path)) {
        let body = django_body(error);
        response.set_body(Body::from(body.to_string()));
    }
    Ok(response)
}

/// The body of an error in the token API.
#[must_use]
pub fn django_body(error: &ApiError) -> Value {
    let body = error.body();
    match error.code {
        ErrorCode::TooManyRequests => {
            let seconds = error.throttled.map_or(1, |throttled| throttled.retry_after);
            json!({
                "detail": format!("Request was throttled. Expected available in {seconds} seconds."),
                "code": "throttled",
            })
        }
        ErrorCode::InternalError => json!({ "error": body.message }),
        _ => json!({ "detail": body.message, "code": error.code.name() }),
    }
}
