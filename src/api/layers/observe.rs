//! Gives each request an id, counts it in the metrics and writes a log line when it has been answered.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, Request, Response, Result};
use poem_openapi::OperationId;
use tracing::Instrument;
use uuid::Uuid;

use crate::api::error::{ApiError, ErrorCode};
use crate::telemetry;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The operation name in metrics and logs for requests that reached no operation.
const NO_OPERATION: &str = "none";
/// Checks that apps, proxies and platforms repeat all the time. Their successes are logged at debug level only: the
/// lines would bury all others, and each would cost more than the session check it reports.
const ROUTINE_CHECKS: [&str; 5] = [
    "checkSession",
    "checkSessionByGet",
    "verifySession",
    "getLiveness",
    "getReadiness",
];

pub async fn observe<E>(next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response> + 'static,
{
    let started = Instant::now();
    let id = Uuid::now_v7();
    let span = tracing::info_span!("request", request_id = %id);
    let method = request.method().clone();
    let mut response = answer(&next, request).instrument(span.clone()).await;

    let operation = response
        .data::<OperationId>()
        .map_or(NO_OPERATION, |operation| operation.0);
    let status = response.status().as_u16();
    let duration = started.elapsed();
    telemetry::request(operation, status, duration);
    let is_routine = response.status().is_success() && ROUTINE_CHECKS.contains(&operation);
    let duration_ms = duration.as_secs_f64() * 1000.0;
    span.in_scope(|| {
        // The path is not logged, because it may contain an address or an id; the operation identifies the request.
        if is_routine {
            tracing::debug!(operation, %method, status, duration_ms, "answered");
        } else {
            tracing::info!(operation, %method, status, duration_ms, "answered");
        }
    });
    let id = HeaderValue::try_from(id.to_string()).expect("a UUID is made of header characters");
    response.headers_mut().insert(REQUEST_ID, id);
    Ok(response)
}

/// A panic fails its own request and no other.
async fn answer<E: Endpoint<Output = Response>>(next: &E, request: Request) -> Response {
    let caught = AssertUnwindSafe(next.get_response(request)).catch_unwind().await;
    caught.unwrap_or_else(|_| {
        tracing::error!(
            "a request was answered 500 because its handler panicked; the panic message is on standard error"
        );
        ApiError::from(ErrorCode::InternalError).to_response()
    })
}
