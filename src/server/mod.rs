//! The accept loop: hands connections to Poem's endpoint with time-outs and bounds that Poem's own server lacks.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use activity::Activity;

mod activity;

/// Connections beyond these, or beyond half of the file descriptors, wait in the system's backlog until another one
/// closes.
const MAX_CONNECTIONS: u32 = 10_000;
/// Limit for a request's whole header, and for the next request on a kept-alive connection to begin.
const HEADER_TIMEOUT: Duration = Duration::from_secs(12);
/// Longest header; a session cookie and a browser's own headers take a tenth of it.
const HEADER_BYTES: u32 = 32 * 1024;
/// A connection without a request for this long is asked to close, and closed at the next check.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests that one HTTP/2 connection may have in flight.
const MAX_STREAMS: u32 = 64;
/// Time for requests in flight once the service is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Pause after a failed accept: the likely cause is a lack of file descriptors, and trying at once would only use
/// processor.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// Serves `endpoint` on an already bound `listener` until `shutdown`, then answers the requests in flight and returns.
pub async fn serve(listener: TcpListener, endpoint: BoxEndpoint<'static, Response>, shutdown: CancellationToken) {
    let endpoint = Arc::new(endpoint);
    let max_connections = connection_limit();
    let connections = Arc::new(Semaphore::new(max_connections as usize));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                tokio::spawn(connection(
                    stream,
                    peer,
                    Arc::clone(&endpoint),
                    shutdown.clone(),
                    permit,
                ));
            }
            Err(error) => {
                tracing::warn!(
                    %error,
                    "a connection could not be accepted; if file descriptors have run out, raise their limit"
                );
                sleep(ACCEPT_BACK_OFF).await;
            }
        }
    }
    drop(listener);
    // Every connection holds one permit, so holding all of them means that no connection is left.
    if timeout(DRAIN_TIMEOUT, connections.acquire_many(max_connections))
        .await
        .is_err()
    {
        tracing::warn!("requests that took longer than {DRAIN_TIMEOUT:?} after the shutdown began were cut off");
    }
}

/// Raises the limit on file descriptors as far as the system allows, and leaves half of them to the database and the
/// log.
fn connection_limit() -> u32 {
    let descriptors = rlimit::increase_nofile_limit(u64::from(MAX_CONNECTIONS) * 2).unwrap_or_else(|error| {
        tracing::warn!(
            %error,
            "the limit on file descriptors can't be raised, so the service accepts at most 512 connections"
        );
        1024
    });
    u32::try_from(descriptors / 2).map_or(MAX_CONNECTIONS, |half| half.min(MAX_CONNECTIONS))
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small; waiting to fill a packet would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    shutdown: CancellationToken,
    _permit: OwnedSemaphorePermit,
) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let activity = Activity::default();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let in_flight = activity.begin();
        async move {
            let request: Request = (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
            let response = endpoint.get_response(request).await;
            drop(in_flight);
            Ok::<_, Infallible>(hyper::Response::from(response))
        }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut idle_check = interval(HEADER_TIMEOUT);
    idle_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    idle_check.tick().await;
    let mut closing = false;
    loop {
        tokio::select! {
            // Errors are the client's: it sent something that is not HTTP, or left.
            _ = connection.as_mut() => return,
            () = shutdown.cancelled(), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = idle_check.tick() => {
                if !activity.is_idle_for(HEADER_TIMEOUT, IDLE_TIMEOUT) {
                    continue;
                }
                if closing {
                    return;
                }
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .keep_alive_interval(HEADER_TIMEOUT)
        .keep_alive_timeout(HEADER_TIMEOUT);
    builder
}
