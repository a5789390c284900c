//! Opens connections to allowed addresses. Looking up and checking happen here and the connection goes to the checked
//! address, so a name that changes its address in between gains nothing. A URL with an IP address in place of a name
//! takes the same way.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::select_ok;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tower_service::Service;

use crate::model::outbound::Destinations;

/// Names that are looked up at once: each takes a thread until the resolver has answered, also when its caller gave up.
const MAX_LOOKUPS: usize = 16;
/// Addresses of one name that are tried, and when the next one joins in (RFC 8305).
const MAX_ADDRESSES: usize = 8;
const STAGGER: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
pub struct Connector {
    destinations: Arc<Destinations>,
    lookups: Arc<Semaphore>,
}

/// The host has no address that may be called.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{host} may not be called: it has no public address that https can reach, and none in a network that \
     OUTBOUND_NETWORKS lists"
)]
pub struct NotAllowed {
    host: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("the host's name can't be looked up")]
    Lookup(#[source] io::Error),
    #[error("no connection to the host")]
    Connect(#[source] io::Error),
}

impl Connector {
    pub fn new(destinations: Destinations) -> Self {
        Self {
            destinations: Arc::new(destinations),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
        }
    }

    /// The same destinations, with places of its own for look-ups.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            destinations: Arc::clone(&self.destinations),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
        }
    }

    /// The addresses of the host of `uri` that may be called.
    ///
    /// # Errors
    /// When there is none, or the name can't be looked up.
    pub async fn addresses(&self, uri: &Uri) -> Result<Vec<SocketAddr>, ConnectError> {
        let host = uri.host().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let is_encrypted = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
        let addresses = self.look_up(host, port).await.map_err(ConnectError::Lookup)?;
        let may_be_called = |address: &SocketAddr| self.destinations.allow(address.ip(), is_encrypted);
        let allowed: Vec<_> = addresses
            .into_iter()
            .filter(may_be_called)
            .take(MAX_ADDRESSES)
            .collect();
        if allowed.is_empty() {
            let host = host.to_owned();
            return Err(NotAllowed { host }.into());
        }
        Ok(allowed)
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
        let allowed = self.addresses(&uri).await?;
        let stream = connect_to_first(allowed).await.map_err(ConnectError::Connect)?;
        stream.set_nodelay(true).map_err(ConnectError::Connect)?;
        Ok(TokioIo::new(stream))
    }

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let place = Arc::clone(&self.lookups)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let host = host.to_owned();
        // A task, because the place belongs to the thread that waits for the resolver.
        let lookup = tokio::spawn(async move {
            let addresses = lookup_host((host.as_str(), port)).await.map(Iterator::collect);
            drop(place);
            addresses
        });
        lookup.await.map_err(io::Error::other)?
    }
}

/// The first of `addresses`, which are not empty, that accepts the connection.
async fn connect_to_first(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let attempts = addresses.into_iter().zip(0..).map(|(address, position)| {
        Box::pin(async move {
            sleep(STAGGER * position).await;
            TcpStream::connect(address).await
        })
    });
    select_ok(attempts).await.map(|(stream, _)| stream)
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_look_up_beyond_the_bound_waits_for_a_place() {
        let connector = Connector::new(Destinations::default());
        let all = connector.lookups.acquire_many(16).await.unwrap();
        let look_up = || connector.look_up("127.0.0.1", 443);
        assert!(timeout(Duration::from_millis(50), look_up()).await.is_err());
        let found = [SocketAddr::from(([127, 0, 0, 1], 443))];
        assert_eq!(connector.apart().look_up("127.0.0.1", 443).await.unwrap(), found);
        drop(all);
        assert_eq!(look_up().await.unwrap(), found);
    }
}
