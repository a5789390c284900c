//! Hands batches of spans to the collector.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;
use tokio::runtime::Handle;

use super::Collector;

pub struct Exporter {
    collector: Arc<dyn Collector>,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    /// Whether the last batch was lost. The log tells of a change only, because a collector may be down for days.
    is_failing: AtomicBool,
}

impl Exporter {
    pub fn new(collector: Arc<dyn Collector>, runtime: Handle) -> Self {
        Self {
            collector,
            runtime,
            resource: ResourceAttributesWithSchema::default(),
            is_failing: AtomicBool::new(false),
        }
    }

    fn tell(&self, sent: &anyhow::Result<()>) {
        let was_failing = self.is_failing.swap(sent.is_err(), Ordering::Relaxed);
        match sent {
            Err(error) if !was_failing => tracing::warn!(
                error = format!("{error:#}"),
                "the collector takes no traces, so they are lost until it does; OTEL_EXPORTER_OTLP_ENDPOINT must take \
                 http/protobuf"
            ),
            Ok(()) if was_failing => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        // The thread that waits here has no reactor: a client that it polled would panic.
        let sending = self.runtime.spawn(self.collector.send(request.encode_to_vec()));
        let sent = sending.await.unwrap_or_else(|error| Err(error.into()));
        self.tell(&sent);
        sent.map_err(|error| OTelSdkError::InternalFailure(format!("{error:#}")))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}
