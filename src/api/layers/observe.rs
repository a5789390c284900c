//! Gives each request an id, and when it has been answered, counts it in the metrics and writes a line to the log.

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
/// What requests are counted under that no operation answered.
const NO_OPERATION: &str = "none";
/// What an app, its proxy and its platform ask all the time. Answered with yes it changes nothing and tells nothing: such
/// lines would bury the others, and cost more than the check of a session.
const ASKED_ALL_THE_TIME: [&str; 5] = [
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
    let is_routine = response.status().is_success() && ASKED_ALL_THE_TIME.contains(&operation);
    let duration_ms = duration.as_secs_f64() * 1000.0;
    span.in_scope(|| {
        // The path stays out: it may hold an id, and the operation says what was asked for.
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

/// A defect that panics costs the request it happens in and nothing more.
async fn answer<E: Endpoint<Output = Response>>(next: &E, request: Request) -> Response {
    let caught = AssertUnwindSafe(next.get_response(request)).catch_unwind().await;
    caught.unwrap_or_else(|_| {
        tracing::error!("a request panicked");
        ApiError::from(ErrorCode::InternalError).to_response()
    })
}
