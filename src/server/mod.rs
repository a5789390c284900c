//! The accept loop: hands connections to Poem's endpoint with time-outs and bounds that Poem's own server lacks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use poem::Response;
use poem::endpoint::BoxEndpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app::shares::{HeldPlace, Shares};
use crate::model::client::network::Network;
use crate::telemetry::{self, OpenConnection};
pub use bounds::ConnectionBounds;
use bounds::connection_limit;
use connection::Terms;

mod activity;
mod bounds;
mod connection;
mod counted_body;

/// Time for requests in flight once the service is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Pause after a failed accept: the likely cause is a lack of file descriptors, and trying at once would only use
/// processor.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);
/// The answer to a connection beyond its network's share. The client's request is not read, so this is HTTP/1.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=utf-8\r\n\
    content-length: 133\r\nretry-after: 2\r\ncache-control: no-store\r\nconnection: close\r\n\r\n\
    {\"statusCode\":503,\"statusMessage\":\"Service Unavailable\",\
    \"message\":\"Too many connections come from your network\",\"code\":\"unavailable\"}";

/// How the service is told to stop: first it sends clients elsewhere, then it accepts no more.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    pub draining: CancellationToken,
    pub shutdown: CancellationToken,
}

/// Serves `endpoint` on an already bound `listener` until the shutdown, then answers the requests in flight and
/// returns.
pub async fn serve(
    listener: TcpListener,
    endpoint: BoxEndpoint<'static, Response>,
    bounds: ConnectionBounds,
    stop: Stop,
) {
    let most = connection_limit();
    let permits = Arc::new(Semaphore::new(most as usize));
    let share = bounds.share.unwrap_or(most.div_ceil(4));
    let server = Server {
        endpoint: Arc::new(endpoint),
        shares: Shares::new(most as usize, share as usize),
        bounds,
        stop,
    };
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = server.stop.shutdown.cancelled() => break,
        };
        match accepted {
            Ok(accepted) => server.begin(accepted),
            Err(error) => {
                tracing::warn!(
                    %error,
                    "a connection could not be accepted; if file descriptors have run out, raise their limit"
                );
                sleep(ACCEPT_BACK_OFF).await;
            }
        }
    }
    // The system has accepted these already; closing the listener would reset them, with the requests they bring.
    while let Some(Ok(accepted)) = accept(&listener, &permits).now_or_never() {
        server.begin(accepted);
    }
    drop(listener);
    // Every connection holds one permit, so holding all of them means that no connection is left.
    if timeout(DRAIN_TIMEOUT, permits.acquire_many(most)).await.is_err() {
        tracing::warn!("requests that took longer than {DRAIN_TIMEOUT:?} after the shutdown began were cut off");
    }
}

/// What all connections share.
struct Server {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    shares: Arc<Shares>,
    bounds: ConnectionBounds,
    stop: Stop,
}

/// A connection, its client's address, and its permit among all connections.
type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

impl Server {
    /// Serves the connection in a task of its own, or refuses it.
    fn begin(&self, (stream, peer, permit): Accepted) {
        let Some(place) = self.place(peer) else {
            refuse(&stream);
            return;
        };
        let terms = Terms {
            keep_alive: self.bounds.keep_alive,
            stop: self.stop.clone(),
        };
        let endpoint = Arc::clone(&self.endpoint);
        let open = OpenConnection::begin();
        tokio::spawn(async move {
            connection::serve(stream, peer, endpoint, terms).await;
            drop((permit, place, open));
        });
    }

    /// A place for a connection of `peer`; `None` when its network has its share. A trusted proxy has no share.
    fn place(&self, peer: SocketAddr) -> Option<HeldPlace> {
        let networks = if self.bounds.proxies.trust(peer.ip()) {
            [None, None]
        } else {
            Network::shares(peer.ip())
        };
        self.shares.take(networks)
    }
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> io::Result<Accepted> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small; waiting to fill a packet would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

/// Says why the connection ends, if the client is ready to hear it.
fn refuse(stream: &TcpStream) {
    telemetry::connection_refused();
    if let Err(error) = stream.try_write(BUSY) {
        tracing::debug!(%error, "a refused client was gone already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_refused_connection_states_its_length() {
        let text = std::str::from_utf8(BUSY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len())),
            "{}",
            body.len()
        );
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }
}
