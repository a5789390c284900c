//! Calls other servers over HTTP. Every request that the service sends by itself goes through one [`Outbound`]: https
//! and public addresses only, no redirects, a time-out, and a bounded answer.
//!
//! Why: docs/decisions/0012-one-connector-for-outgoing-requests.md

mod call;
mod certificate;
mod connector;
mod payload;
mod trust;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::IpNet;
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument;

use crate::model::outbound::Destinations;
use crate::telemetry::traces;
pub use call::{Answer, Call};
pub use certificate::{CertificateWatch, RENEWED_BEFORE, SeenCertificate};
use connector::{ConnectError, Connector, NotAllowed};
use payload::Payload;

/// Requests in flight, unless a caller takes a lane of another width.
const MAX_IN_FLIGHT: usize = 64;
/// Idle connections to one host, and for how long they are kept.
const MAX_IDLE: usize = 4;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a name may take that is only looked up.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(5);
/// Header of an answer.
const MAX_HEADER: usize = 64 * 1024;

/// The settings for outgoing connections.
#[derive(Debug, Clone, Default)]
pub struct OutboundSetup {
    /// Networks that may be called besides public addresses.
    pub networks: Vec<IpNet>,
    /// Certificates that are trusted besides those of the public authorities.
    pub ca_file: Option<PathBuf>,
}

/// Sends requests. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<Connector>, Payload>,
    places: Arc<Semaphore>,
    connector: Connector,
    tls: ClientConfig,
}

/// Why a call has no answer. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No packet was sent.
    #[error(transparent)]
    NotAllowed(NotAllowed),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the request can't be written")]
    Unwritable(#[source] hyper::http::Error),
    #[error("the connection failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl OutboundError {
    /// The kind of error as a word for traces.
    fn kind(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "not_allowed",
            Self::TimedOut(_) => "timeout",
            Self::TooLarge(_) => "answer_too_large",
            Self::Unwritable(_) => "request_invalid",
            Self::Failed(_) => "connection_failed",
        }
    }
}

impl Outbound {
    /// Reads the trusted certificates. Connects to nothing.
    ///
    /// # Errors
    /// When the file of certificates can't be used. The text is for the operator.
    pub fn new(setup: &OutboundSetup) -> anyhow::Result<Self> {
        Self::to(Destinations::new(setup.networks.clone()), setup)
    }

    /// Calls every address, also without encryption: for one that the operator names at the command line.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn to_anywhere(setup: &OutboundSetup) -> anyhow::Result<Self> {
        Self::to(Destinations::anywhere(), setup)
    }

    /// Calls every address, and without encryption this machine only: for calls with a secret to an address that the
    /// operator names at the command line.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn to_anywhere_encrypted(setup: &OutboundSetup) -> anyhow::Result<Self> {
        Self::to(Destinations::anywhere_encrypted(), setup)
    }

    fn to(destinations: Destinations, setup: &OutboundSetup) -> anyhow::Result<Self> {
        let tls = trust::configuration(setup.ca_file.as_deref())?;
        Ok(Self::with(Connector::new(destinations), tls, MAX_IN_FLIGHT))
    }

    /// As [`Self::to_anywhere`], and tells what came of the certificates that servers show, as of the time `now`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn watching(setup: &OutboundSetup, now: DateTime<Utc>) -> anyhow::Result<(Self, Arc<CertificateWatch>)> {
        let (tls, watch) = trust::watched(setup.ca_file.as_deref(), now)?;
        let outbound = Self::with(Connector::new(Destinations::anywhere()), tls, MAX_IN_FLIGHT);
        Ok((outbound, watch))
    }

    fn with(connector: Connector, tls: ClientConfig, max_in_flight: usize) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(MAX_HEADER)
            .build(HttpsConnector::from((connector.clone(), tls.clone())));
        Self {
            client,
            places: Arc::new(Semaphore::new(max_in_flight)),
            connector,
            tls,
        }
    }

    /// The same destinations with places of its own for requests in flight and for look-ups, so that one slow server
    /// keeps no caller of another lane waiting.
    #[must_use]
    pub fn lane(&self, max_in_flight: usize) -> Self {
        Self::with(self.connector.apart(), self.tls.clone(), max_in_flight)
    }

    /// Looks up the host of `url`, and refuses it if it may not be called. Connects to nothing.
    ///
    /// # Errors
    /// That, and when the name can't be looked up in time. The text is for the operator.
    pub async fn check_address(&self, url: &str) -> anyhow::Result<()> {
        let looked_up = timeout(LOOK_UP_TIMEOUT, async {
            anyhow::Ok(self.connector.addresses(&url.parse()?).await.map(drop)?)
        });
        looked_up
            .await
            .unwrap_or_else(|_| Err(OutboundError::TimedOut(LOOK_UP_TIMEOUT).into()))
    }

    /// Sends one request, and returns the answer with whatever status it has. A redirect is an answer like any other.
    ///
    /// # Errors
    /// When the address may not be called, or there is no complete answer within the bounds of the call. Waiting for
    /// a place counts as well.
    pub async fn send(&self, call: Call) -> Result<Answer, OutboundError> {
        let bound = call.timeout;
        let span = traces::call(call.method(), &call.host, call.port);
        let answer = timeout(bound, self.send_without_timeout(call))
            .instrument(span.clone())
            .await;
        let answer = answer.unwrap_or(Err(OutboundError::TimedOut(bound)));
        traces::called(
            &span,
            answer.as_ref().map(|answer| answer.status).map_err(OutboundError::kind),
        );
        answer
    }

    async fn send_without_timeout(&self, call: Call) -> Result<Answer, OutboundError> {
        let _place = self.places.acquire().await.map_err(failed)?;
        let max_body = call.max_body;
        let request = call.into_request().map_err(OutboundError::Unwritable)?;
        let response = self.client.request(request).await.map_err(not_connected)?;
        Answer::read(response, max_body).await
    }
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> OutboundError {
    OutboundError::Failed(error.into())
}

/// Tells a rejected address from a connection that failed.
fn not_connected(error: hyper_util::client::legacy::Error) -> OutboundError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(ConnectError::NotAllowed(reason)) = current.downcast_ref() {
            return OutboundError::NotAllowed(reason.clone());
        }
        cause = current.source();
    }
    failed(error)
}
