//! Sends traces to an OpenTelemetry collector, by OTLP over HTTP.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use url::Url;

use super::outbound::{Call, Outbound, OutboundSetup};
use crate::telemetry::{Collector, Traces, TracesSetup};

/// How long the collector may take for a batch, as its protocol says by default.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where traces go, and which.
#[derive(Debug)]
pub struct CollectorSetup {
    pub url: Url,
    /// Headers of each request, which may hold a secret.
    pub headers: Headers,
    pub outbound: OutboundSetup,
    pub traces: TracesSetup,
}

/// Headers whose values are not printed.
#[derive(Clone)]
pub struct Headers(pub Vec<(String, String)>);

/// A collector at an address that the operator chose, so it may be any.
#[derive(Debug)]
struct HttpCollector {
    url: Url,
    headers: Headers,
    outbound: Outbound,
}

/// Starts to send traces.
///
/// # Errors
/// When the file of certificates can't be used. The text is for the operator.
pub fn start(setup: CollectorSetup) -> anyhow::Result<Traces> {
    let collector = HttpCollector {
        url: setup.url,
        headers: setup.headers,
        outbound: Outbound::to_anywhere(&setup.outbound)?,
    };
    Ok(Traces::start(setup.traces, Arc::new(collector)))
}

impl Collector for HttpCollector {
    fn send(&self, request: Vec<u8>) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> {
        let call = Call::post_protobuf(&self.url, request).within(TIMEOUT);
        let headers = self.headers.0.iter();
        let call = headers.fold(call, |call, (name, value)| call.header(name, value));
        let outbound = self.outbound.clone();
        Box::pin(async move {
            let answer = outbound.send(call).await?;
            ensure!(answer.is_success(), "it answers {}", answer.status);
            Ok(())
        })
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Headers(…)")
    }
}
