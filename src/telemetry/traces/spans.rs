//! The spans: requests, what takes time within them, and what the service sends after the request that caused it.

use std::sync::atomic::Ordering;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::Empty;
use tracing::{Span, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use super::{IS_ON, TARGET};

/// Longest `tracestate` that is passed on; W3C asks for no more.
const MAX_STATE: usize = 512;

/// The span of a request, and none where there is no collector. `route` has no part of the path that a client chose.
#[must_use]
pub fn request(method: &str, route: impl FnOnce() -> String) -> Span {
    root(|| {
        let route = route();
        trace_span!(
            target: TARGET,
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            request_id = Empty
        )
    })
}

/// Lets `request` be part of the trace that a trusted proxy began. Call it before the span is entered.
pub fn continue_trace(request: &Span, parent: &str, state: Option<&str>) {
    let state = state.filter(|state| state.len() <= MAX_STATE);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent { parent, state });
    // Without a readable `traceparent` the request begins a trace, as if it had none.
    if parent.has_active_span()
        && let Err(error) = request.set_parent(parent)
    {
        tracing::debug!(?error, "a request could not be added to its proxy's trace");
    }
}

/// Notes what became of a request.
pub fn answered(request: &Span, status: u16, id: &str) {
    request.record("http.response.status_code", i64::from(status));
    request.record("request_id", id);
    if status >= 500 {
        request.record("otel.status_code", "error");
    }
}

/// A span for the time that a password takes, its place in the queue included.
#[must_use]
pub fn hash() -> Span {
    step(|| trace_span!(target: TARGET, "password hash"))
}

/// A span for a transaction, the wait for a connection included.
#[must_use]
pub fn transaction() -> Span {
    step(|| trace_span!(target: TARGET, "database transaction"))
}

/// A span for reading outside of a transaction, the wait for a connection included.
#[must_use]
pub fn read() -> Span {
    step(|| trace_span!(target: TARGET, "database read"))
}

/// A span for a statement that commits by itself, the wait for a connection included.
#[must_use]
pub fn statement() -> Span {
    step(|| trace_span!(target: TARGET, "database statement"))
}

/// A span for a request to another server, within what it is sent for. It has nothing of the path, which may hold ids
/// and secrets, and the other server does not learn of it.
#[must_use]
pub fn call(method: &str, host: &str, port: u16) -> Span {
    step(|| {
        trace_span!(
            target: TARGET,
            "call",
            otel.name = method,
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = method,
            http.response.status_code = Empty,
            server.address = host,
            server.port = i64::from(port),
            error.type = Empty
        )
    })
}

/// Notes what became of a request to another server: the status of its answer, or why there is none.
pub fn called(call: &Span, outcome: Result<u16, &str>) {
    if let Ok(status) = outcome {
        call.record("http.response.status_code", i64::from(status));
    }
    let error = match outcome {
        Ok(..400) => return,
        Ok(status) => status.to_string(),
        Err(reason) => reason.to_owned(),
    };
    call.record("error.type", error);
    call.record("otel.status_code", "error");
}

/// The span of an attempt to tell a webhook of an event: a trace of its own, because the request that caused the event
/// has been answered, perhaps days ago and by another instance.
#[must_use]
pub fn webhook(webhook: Uuid, event: Uuid) -> Span {
    root(|| {
        trace_span!(
            target: TARGET,
            parent: None,
            "webhook delivery",
            webhook = %webhook,
            event = %event
        )
    })
}

/// The span of an attempt to send a mail, a trace of its own for the same reason.
#[must_use]
pub fn mail(mail: Uuid) -> Span {
    root(|| trace_span!(target: TARGET, parent: None, "mail delivery", mail = %mail))
}

/// A span for handing a mail to the mail server.
#[must_use]
pub fn mail_server(host: &str, port: u16) -> Span {
    step(|| {
        trace_span!(
            target: TARGET,
            "SMTP",
            otel.kind = "client",
            otel.status_code = Empty,
            server.address = host,
            server.port = i64::from(port)
        )
    })
}

/// Notes that the mail server did not take the mail.
pub fn undeliverable(mail_server: &Span) {
    mail_server.record("otel.status_code", "error");
}

fn root(span: impl FnOnce() -> Span) -> Span {
    if IS_ON.load(Ordering::Relaxed) {
        span()
    } else {
        Span::none()
    }
}

/// A span within the present one. What background tasks do belongs to none, and would be a trace every second.
fn step(span: impl FnOnce() -> Span) -> Span {
    if IS_ON.load(Ordering::Relaxed) && !Span::current().is_none() {
        span()
    } else {
        Span::none()
    }
}

/// The two headers of W3C Trace Context.
struct Parent<'h> {
    parent: &'h str,
    state: Option<&'h str>,
}

impl Extractor for Parent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.parent),
            "tracestate" => self.state,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}
