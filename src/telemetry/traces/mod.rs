//! Traces for an OpenTelemetry collector.
//!
//! Without one, nothing here is built up, and asking for a span reads one flag. No span has a query string, the address
//! of a person, or an id of an account.

mod exporter;
mod spans;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use exporter::Exporter;
pub use spans::{
    answered, call, called, continue_trace, hash, mail, mail_server, read, request, statement, transaction,
    undeliverable, webhook,
};

/// Every span has this target, and the collector gets no other: those of the HTTP client would be made by sending them.
pub(super) const TARGET: &str = "neptun_auth::traces";
/// Spans that may wait to be sent; what comes on top of them is lost.
const MAX_WAITING: usize = 2048;
/// Spans in one request to the collector, and the pause between two.
const BATCH: usize = 512;
const INTERVAL: Duration = Duration::from_secs(2);

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
