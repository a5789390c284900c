//! The difference of the token API: all its errors have Django REST's shape, also those from layers and the framework.

use std::sync::Arc;

use poem::{Body, Endpoint, Request, Response, Result};
use serde_json::{Value, json};

use crate::api::error::{ApiError, ErrorCode};

/// Every path of the token API, as the OpenAPI document and the framework know it.
pub const PATHS: &[&str] = &[
    "/api/sign-up",
    "/api/token",
    "/api/token/refresh",
    "/api/token/verify",
    "/api/token/blacklist",
    "/api/me",
];

pub async fn token_api<E>(next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let is_ours = PATHS.contains(&request.uri().path());
    let mut response = next.get_response(request).await;
    if let Some(error) = response.data::<ApiError>().filter(|_| is_ours) {
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
