//! What sets the token API apart: its paths work with and without the final slash, and its refusals have Django REST's
//! shape, whoever they come from.

use std::sync::Arc;

use poem::http::Uri;
use poem::{Body, Endpoint, Request, Response, Result};
use serde_json::{Value, json};

use crate::api::error::{ApiError, ErrorCode};

/// Paths of the cookie API that take a final slash too, because the same clients call them.
const ALSO_SLASHED: &[&str] = &["/api/auth/token", "/.well-known/jwks.json"];

/// Every path of the token API, as the document and the framework have it.
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
    if let Some(refusal) = response.data::<ApiError>().filter(|_| PATHS.contains(path)) {
        let body = in_djangos_words(refusal);
        response.set_body(Body::from(body.to_string()));
    }
    Ok(response)
}

/// The body of a refusal in the token API.
#[must_use]
pub fn in_djangos_words(refusal: &ApiError) -> Value {
    let body = refusal.body();
    match refusal.code {
        ErrorCode::TooManyRequests => {
            let seconds = refusal.throttled.map_or(1, |throttled| throttled.retry_after);
            json!({
                "detail": format!("Request was throttled. Expected available in {seconds} seconds."),
                "code": "throttled",
            })
        }
        ErrorCode::InternalError => json!({ "error": body.message }),
        _ => json!({ "detail": body.message, "code": refusal.code.name() }),
    }
}
