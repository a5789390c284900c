//! Gives each request an id, counts it in the metrics and writes a log line when it has been answered.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use poem::http::HeaderValue;
use poem::{Endpoint, Request, Response, Result};
use poem_openapi::OperationId;
use tracing::Instrument;
use tracing::field::Empty;

use super::client::ClientAddress;
use super::errors::Paths;
use super::proxied;
use crate::api::error::{ApiError, ErrorCode};
use crate::telemetry::{self, traces};

/// Checks that apps, proxies and platforms repeat all the time. Their successes are logged at debug level only: the
/// lines would bury all others, and each would cost more than the session check it reports.
const ROUTINE_CHECKS: [&str; 5] = [
    "checkSession",
    "checkSessionByGet",
    "verifySession",
    "getLiveness",
    "getReadiness",
];

pub async fn observe<E>(
    paths: Arc<Paths>,
    address: Arc<ClientAddress>,
    next: Arc<E>,
    request: Request,
) -> Result<Response>
where
    E: Endpoint<Output = Response> + 'static,
{
    let started = Instant::now();
    let id = proxied::id(&request, &address);
    let traced = proxied::span(&request, &address, &paths);
    let span = tracing::info_span!("request", request_id = %id, account = Empty, session = Empty);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let answering = answer(&next, request).instrument(span.clone());
    let mut response = answering.instrument(traced.clone()).await;

    let operation = response
        .data::<OperationId>()
        .map_or(telemetry::NO_OPERATION, |operation| operation.0);
    let status = response.status().as_u16();
    let duration = started.elapsed();
    telemetry::request(operation, status, duration);
    let is_routine = response.status().is_success() && ROUTINE_CHECKS.contains(&operation);
    let duration_ms = milliseconds(duration);
    // Computed only for lines that are written.
    let path = || paths.shown(uri.path());
    span.in_scope(|| {
        if is_routine {
            tracing::debug!(operation, %method, path = path(), status, duration_ms, "answered");
        } else {
            tracing::info!(operation, %method, path = path(), status, duration_ms, "answered");
        }
    });
    traces::answered(&traced, status, &id);
    let id = HeaderValue::try_from(id).expect("an id is made of header characters");
    response.headers_mut().insert(proxied::REQUEST_ID, id);
    Ok(response)
}

/// With three digits; more of them would only be noise.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// A panic fails its own request and no other.
async fn answer<E: Endpoint<Output = Response>>(next: &E, request: Request) -> Response {
    let caught = AssertUnwindSafe(next.get_response(request)).catch_unwind().await;
    caught.unwrap_or_else(|_| {
        tracing::error!("a request was answered 500 because its handler panicked; the line before says where");
        ApiError::from(ErrorCode::InternalError).to_response()
    })
}
