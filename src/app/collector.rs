//! Sends traces to an OpenTelemetry collector, by OTLP over HTTP.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use flate2::write::GzEncoder;
use url::Url;

use super::outbound::{Call, Outbound, OutboundSetup};
use crate::telemetry::{Collector, Traces, TracesSetup};

/// Where traces go, and which.
#[derive(Debug)]
pub struct CollectorSetup {
    pub url: Url,
    /// Headers of each request, which may hold a secret.
    pub headers: Headers,
    /// How long the collector may take for a batch.
    pub timeout: Duration,
    pub compression: Compression,
    pub outbound: OutboundSetup,
    pub traces: TracesSetup,
}

/// Headers whose values are not printed.
#[derive(Clone)]
pub struct Headers(pub Vec<(String, String)>);

/// How batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
}

/// A collector at an address that the operator chose, so it may be any.
#[derive(Debug)]
struct HttpCollector {
    url: Url,
    headers: Headers,
    timeout: Duration,
    compression: Compression,
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
        timeout: setup.timeout,
        compression: setup.compression,
        outbound: Outbound::to_anywhere(&setup.outbound)?,
    };
    Ok(Traces::start(setup.traces, Arc::new(collector)))
}

impl HttpCollector {
    fn call(&self, request: Vec<u8>) -> io::Result<Call> {
        let call = match self.compression {
            Compression::None => Call::post_protobuf(&self.url, request),
            Compression::Gzip => {
                Call::post_protobuf(&self.url, compressed(&request)?).header("content-encoding", "gzip")
            }
        };
        let headers = self.headers.0.iter();
        let call = headers.fold(call, |call, (name, value)| call.header(name, value));
        Ok(call.within(self.timeout))
    }
}

impl Collector for HttpCollector {
    /// Compresses on the thread that asks, which serves no requests.
    fn send(&self, request: Vec<u8>) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> {
        let (call, outbound) = (self.call(request), self.outbound.clone());
        Box::pin(async move {
            let answer = outbound.send(call?).await?;
            ensure!(answer.is_success(), "it answers {}", answer.status);
            Ok(())
        })
    }
}

/// The fastest level: spans repeat themselves, and the others take longer for little more.
fn compressed(request: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(request)?;
    encoder.finish()
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Headers(…)")
    }
}
