//! Traces for an OpenTelemetry collector.
//!
//! Without one, nothing here is built up, and asking for a span reads one flag. No span has a query string, an address,
//! or an id of an account.

mod exporter;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tracing::field::Empty;
use tracing::{Span, Subscriber, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use exporter::Exporter;

/// Every span has this target, and the collector gets no other: those of the HTTP client would be made by sending them.
pub(super) const TARGET: &str = "neptun_auth::traces";
/// Spans that may wait to be sent; what comes on top of them is lost.
const MAX_WAITING: usize = 2048;
/// Spans in one request to the collector, and the pause between two.
const BATCH: usize = 512;
const INTERVAL: Duration = Duration::from_secs(2);
/// Longest `tracestate` that is passed on; W3C asks for no more.
const MAX_STATE: usize = 512;

static IS_ON: AtomicBool = AtomicBool::new(false);

/// Takes spans for a collector.
pub trait Collector: Debug + Send + Sync {
    /// Sends one `ExportTraceServiceRequest`.
    fn send(&self, request: Vec<u8>) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;
}

/// Which requests are traced, and what their spans say of the service.
#[derive(Debug)]
pub struct TracesSetup {
    /// Attributes of the service; those that come later replace earlier ones of the same name.
    pub attributes: Vec<(String, String)>,
    pub sampler: Sampling,
}

/// Which requests are traced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Whether what a trusted proxy decided holds for its request.
    pub follows_parent: bool,
    /// The share of the requests that nothing else decides about.
    pub ratio: f64,
}

impl From<Sampling> for Sampler {
    fn from(sampling: Sampling) -> Self {
        let own = Self::TraceIdRatioBased(sampling.ratio);
        if sampling.follows_parent {
            Self::ParentBased(Box::new(own))
        } else {
            own
        }
    }
}

/// What collects spans and sends them.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the thread that sends spans. Call it on a runtime, which does the sending.
    #[must_use]
    pub fn start(setup: TracesSetup, collector: Arc<dyn Collector>) -> Self {
        let attributes = setup.attributes.into_iter();
        let resource = Resource::builder_empty()
            .with_attributes(attributes.map(|(name, value)| KeyValue::new(name, value)))
            .build();
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MAX_WAITING)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(INTERVAL)
            .build();
        let processor = BatchSpanProcessor::builder(Exporter::new(collector, Handle::current()))
            .with_batch_config(batches)
            .build();
        IS_ON.store(true, Ordering::Relaxed);
        Self(
            SdkTracerProvider::builder()
                .with_resource(resource)
                .with_sampler(Sampler::from(setup.sampler))
                .with_span_processor(processor)
                .build(),
        )
    }

    /// What takes the spans of this program.
    pub(super) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("neptun-auth"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(Targets::new().with_target(TARGET, LevelFilter::TRACE))
    }

    /// Sends what waits, for at most `limit`.
    ///
    /// # Errors
    /// When the collector has not taken it by then.
    pub async fn close(self, limit: Duration) -> anyhow::Result<()> {
        // It waits for a thread, which waits for tasks of this runtime.
        let closed = spawn_blocking(move || self.0.shutdown_with_timeout(limit)).await;
        closed?.context("the collector did not take the last spans")
    }
}

/// The span of a request, and none where there is no collector. `route` has no part of the path that a client chose.
#[must_use]
pub fn request(method: &str, route: impl FnOnce() -> String) -> Span {
    if !IS_ON.load(Ordering::Relaxed) {
        return Span::none();
    }
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

/// A span within the present request. What background tasks do belongs to no request, and would be a trace each time.
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;
    use tokio::sync::Semaphore;
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry;

    use super::*;

    /// Takes a batch for each permit, and keeps the others waiting.
    #[derive(Debug)]
    struct Slow {
        permits: Arc<Semaphore>,
        asked: Arc<AtomicUsize>,
        spans: Arc<AtomicUsize>,
    }

    impl Collector for Slow {
        fn send(&self, request: Vec<u8>) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> {
            let (permits, spans) = (Arc::clone(&self.permits), Arc::clone(&self.spans));
            self.asked.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                permits.acquire().await?.forget();
                let request = ExportTraceServiceRequest::decode(request.as_slice())?;
                let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
                spans.fetch_add(scopes.map(|scope| scope.spans.len()).sum(), Ordering::SeqCst);
                Ok(())
            })
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn spans_that_a_collector_does_not_take_are_lost_beyond_the_bound() {
        let (permits, asked) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let spans = Arc::new(AtomicUsize::new(0));
        let sampler = Sampling {
            follows_parent: true,
            ratio: 1.0,
        };
        let setup = TracesSetup {
            attributes: Vec::new(),
            sampler,
        };
        let collector = Slow {
            permits: Arc::clone(&permits),
            asked: Arc::clone(&asked),
            spans: Arc::clone(&spans),
        };
        let traces = Traces::start(setup, Arc::new(collector));
        let some = |number: usize| {
            with_default(registry().with(traces.layer()), || {
                for _ in 0..number {
                    drop(request("GET", || "/health/live".to_owned()));
                }
            });
        };
        some(BATCH);
        while asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        // One batch is on its way, and the queue takes what it takes.
        some(3 * MAX_WAITING);
        permits.add_permits(100);
        traces.close(Duration::from_mins(1)).await.unwrap();
        assert_eq!(spans.load(Ordering::SeqCst), BATCH + MAX_WAITING);
    }
}
