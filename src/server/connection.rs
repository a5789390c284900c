//! One connection: its requests, its time-outs, and its end when the service stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Stop;
use super::activity::Activity;
use super::counted_body::CountedBody;

/// Limit for the whole header of a connection's first request, and for an answer to a ping.
const HEADER_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a connection that has just been accepted is kept for its first request when the service stops.
const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(500);
/// Longest header; a session cookie and a browser's own headers take a fifth of it.
const HEADER_BYTES: u32 = 16 * 1024;
/// Requests that one HTTP/2 connection may have in flight. Each may hold a header and a body.
const MAX_STREAMS: u32 = 32;
/// What an HTTP/2 client may send of one body, and of all bodies of a connection, before they are read: hardly more
/// than the longest body.
const STREAM_WINDOW: u32 = 32 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// What a connection needs besides its stream.
#[derive(Debug)]
pub struct Terms {
    pub keep_alive: Duration,
    pub stop: Stop,
}

/// Serves `stream` until its client or the service ends it.
pub async fn serve(stream: TcpStream, peer: SocketAddr, endpoint: Arc<BoxEndpoint<'static, Response>>, terms: Terms) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let activity = Activity::default();
    let draining = &terms.stop.draining;
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let draining = draining.clone();
        let in_flight = activity.begin(request.version());
        let activity = activity.clone();
        async move {
            let request: Request = (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
            let mut response = hyper::Response::from(endpoint.get_response(request).await);
            // HTTP/1 has no other way to tell a client that its next request has to go elsewhere.
            if draining.is_cancelled() && in_flight.is_http1() {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(in_flight);
            Ok::<_, Infallible>(response.map(|body| CountedBody::new(body, activity)))
        }
    });
    let builder = builder(terms.keep_alive);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut idle_check = interval(HEADER_TIMEOUT.min(terms.keep_alive));
    idle_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    idle_check.tick().await;
    let (mut going_away, mut closing) = (false, false);
    loop {
        tokio::select! {
            // Errors are the client's: it sent something that is not HTTP, or left.
            _ = connection.as_mut() => return,
            // An idle HTTP/1 connection stays open, because closing it could meet a request that is on its way.
            () = draining.cancelled(), if !going_away => {
                going_away = true;
                if activity.is_http2() {
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = told_to_stop(&terms.stop, &activity), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = idle_check.tick() => {
                if !activity.is_idle_for(HEADER_TIMEOUT, terms.keep_alive) {
                    continue;
                }
                if closing || !activity.has_answered() {
                    return;
                }
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Waits for the shutdown. A connection without a request is given a moment for its first one, which may be on its way:
/// a load balancer does not repeat a sign-up that it has sent.
async fn told_to_stop(stop: &Stop, activity: &Activity) {
    stop.shutdown.cancelled().await;
    if !activity.has_begun() {
        sleep(FIRST_REQUEST_GRACE).await;
    }
}

fn builder(keep_alive: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // This time covers the rest between two requests too.
        .header_read_timeout(keep_alive.max(HEADER_TIMEOUT))
        .max_buf_size(HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(HEADER_TIMEOUT)
        .keep_alive_timeout(HEADER_TIMEOUT);
    builder
}
