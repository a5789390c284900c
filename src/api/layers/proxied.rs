//! What a trusted proxy says of a request besides its client: the id in its own log, and the trace that it is part of.

use std::net::{IpAddr, SocketAddr};

use poem::Request;
use poem::http::{HeaderMap, HeaderName, Method};
use tracing::Span;
use uuid::Uuid;

use super::client::ClientAddress;
use super::errors::Paths;
use crate::telemetry::traces;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Longest id of a proxy that is taken over. Each log line of the request has it.
const MAX_ID: usize = 128;

/// The id of the request: that of a trusted proxy, if it sends one that fits into a log, or a new one.
pub fn id(request: &Request, address: &ClientAddress) -> String {
    let sent = only(request.headers(), &REQUEST_ID).filter(|id| is_id(id));
    let sent = sent.filter(|_| is_believed(request, address));
    sent.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The span of the request, in the trace of a trusted proxy; none where there is no collector.
pub fn span(request: &Request, address: &ClientAddress, paths: &Paths) -> Span {
    let route = || paths.shown(request.uri().path());
    let span = traces::request(name(request.method()), route);
    if span.is_none() {
        return span;
    }
    let headers = request.headers();
    if let Some(parent) = only(headers, &TRACEPARENT)
        && is_believed(request, address)
    {
        traces::continue_trace(&span, parent, only(headers, &TRACESTATE));
    }
    span
}

/// A method as spans show it. A client may invent any number of others.
fn name(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS
        | Method::CONNECT
        | Method::TRACE => method.as_str(),
        _ => "_OTHER",
    }
}

fn is_believed(request: &Request, address: &ClientAddress) -> bool {
    let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
    peer.is_some_and(|peer: IpAddr| address.believes(peer))
}

/// The value of a header that is there once, as text.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(&byte);
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_fits_into_a_log() {
        for id in [
            "7",
            "01890a5d-ac96-774b-bcce-b302099a8057",
            "Root=1-67891233-abcdef",
            &"x".repeat(128),
        ] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "a b", "a\"b", "a\\b", "ä", "a;b", &"x".repeat(129)] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn a_header_that_is_there_twice_does_not_count() {
        let mut headers = HeaderMap::new();
        headers.append(REQUEST_ID, "a".parse().unwrap());
        assert_eq!(only(&headers, &REQUEST_ID), Some("a"));
        headers.append(REQUEST_ID, "b".parse().unwrap());
        assert_eq!(only(&headers, &REQUEST_ID), None);
    }
}
