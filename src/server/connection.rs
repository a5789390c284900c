//! One connection: its requests, its time-outs, and its end when the service stops.

use std::convert::Infallible;
use std::future::pending;
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
use tokio_util::sync::CancellationToken;

use super::Stop;
use super::activity::Activity;
use super::counted_body::CountedBody;
use crate::app::refusals::EndsConnection;

/// Limit for the whole header of a connection's first request, and for an answer to a ping.
const HEADER_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a connection that has just been accepted is kept for its first request when the service stops.
const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(500);
/// How long answers may take that were on their way at the connection's last one: longer than a refusal waits.
const LAST_ANSWERS: Duration = Duration::from_secs(3);
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
    let ending = CancellationToken::new();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let (draining, ending) = (draining.clone(), ending.clone());
        let in_flight = activity.begin(request.version());
        let activity = activity.clone();
        async move {
            // An HTTP/2 client that does not answer to being told of the end may go on asking.
            if ending.is_cancelled() {
                pending::<()>().await;
            }
            let request: Request = (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
            let mut response = hyper::Response::from(endpoint.get_response(request).await);
            if response.extensions().get::<EndsConnection>().is_some() {
                ending.cancel();
            }
            // HTTP/1 has no other way to tell a client that its next request has to go elsewhere.
            if (draining.is_cancelled() || ending.is_cancelled()) && in_flight.is_http1() {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(in_flight);
            Ok::<_, Infallible>(response.map(|body| CountedBody::new(body, activity)))
        }
    });
    let builder = builder(terms.keep_alive);
    let mut overdue = pin!(overdue(&ending));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut idle_check = interval(HEADER_TIMEOUT.min(terms.keep_alive));
    idle_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    idle_check.tick().await;
    let (mut going_away, mut closing) = (false, false);
    loop {
        tokio::select! {
            // Errors are the client's: it sent something that is not HTTP, or left.
            _ = connection.as_mut() => return,
            () = overdue.as_mut() => return,
            // An idle HTTP/1 connection stays open, because closing it could meet a request that is on its way.
            () = draining.cancelled(), if !going_away => {
                going_away = true;
                if activity.is_http2() {
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = told_to_end(&terms.stop, &activity, &ending), if !closing => {
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

/// Waits for the shutdown, or for the connection's last answer. A connection without a request is given a moment for
/// its first one, which may be on its way: a load balancer does not repeat a sign-up that it has sent.
async fn told_to_end(stop: &Stop, activity: &Activity, ending: &CancellationToken) {
    tokio::select! {
        () = stop.shutdown.cancelled() => {}
        () = ending.cancelled() => {}
    }
    if !activity.has_begun() {
        sleep(FIRST_REQUEST_GRACE).await;
    }
}

/// Waits until the connection should have ended after its last answer.
async fn overdue(ending: &CancellationToken) {
    ending.cancelled().await;
    sleep(LAST_ANSWERS).await;
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

#[cfg(test)]
mod tests {
    use poem::http::Request as Head;
    use poem::{EndpointExt, endpoint::make};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A connection to a service whose answers to `/last` are the last ones.
    async fn connect() -> TcpStream {
        let answer = |request: Request| async move {
            let mut response = Response::default();
            match request.uri().path() {
                "/last" => response.set_data(EndsConnection),
                _ => sleep(Duration::from_millis(200)).await,
            }
            response
        };
        let endpoint = Arc::new(make(answer).map_to_response().boxed());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, peer) = listener.accept().await.unwrap();
            let terms = Terms {
                keep_alive: Duration::from_mins(1),
                stop: Stop::default(),
            };
            serve(stream, peer, endpoint, terms).await;
        });
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn the_last_answer_of_an_http1_connection_closes_it() {
        let mut stream = connect().await;
        stream
            .write_all(b"GET /last HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn the_last_answer_of_an_http2_connection_lets_those_in_flight_end_and_takes_no_others() {
        let (client, connection) = h2::client::handshake(connect().await).await.unwrap();
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let mut ask = |path| {
            let head = Head::get(format!("http://a{path}")).body(()).unwrap();
            client.send_request(head, true).unwrap().0
        };
        let (slow, last) = (ask("/slow"), ask("/last"));
        assert!(last.await.unwrap().status().is_success());
        assert!(slow.await.unwrap().status().is_success());
        assert!(client.ready().await.is_err(), "another request could begin");
    }

    /// A frame of HTTP/2: its type, its flags, its stream and what it holds.
    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    }

    #[tokio::test]
    async fn an_http2_client_that_goes_on_after_the_last_answer_gets_no_other() {
        const HEADERS: u8 = 1;
        const RST_STREAM: u8 = 3;
        const SETTINGS: u8 = 4;
        // GET http://a/last, each field as HPACK's table has it or in full. The stream ends with it.
        let request = |stream| frame(HEADERS, 5, stream, b"\x82\x86\x04\x05/last\x41\x01a");
        let mut stream = connect().await;
        let mut opening = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        opening.extend(frame(SETTINGS, 0, 0, &[]));
        opening.extend(request(1));
        stream.write_all(&opening).await.unwrap();
        sleep(Duration::from_millis(300)).await;
        stream.write_all(&request(3)).await.unwrap();
        // It never acknowledges the ping of the service.
        let mut received = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received));
        end.await.expect("the connection ends").ok();
        let mut answered = Vec::new();
        let mut rest = &received[..];
        while let [_, high, low, kind, _, _, _, _, id, ..] = *rest {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if kind == HEADERS || kind == RST_STREAM {
                answered.push((kind, id));
            }
            rest = &rest[9 + length..];
        }
        assert_eq!(answered, [(HEADERS, 1)]);
    }
}
