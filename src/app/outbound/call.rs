//! One request to another server, and its answer.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response};
use url::Url;
use url::form_urlencoded::Serializer;

use super::payload::Payload;
use super::{OutboundError, failed};

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BODY: usize = 64 * 1024;

/// A request with the bounds of its answer.
pub struct Call {
    pub(super) host: String,
    pub(super) port: u16,
    request: Builder,
    body: Payload,
    pub(super) timeout: Duration,
    /// `None` if the body is not read.
    pub(super) max_body: Option<usize>,
}

impl Call {
    #[must_use]
    pub fn get(url: &Url) -> Self {
        Self::new(url, Request::get(url.as_str()), Payload::default())
    }

    /// Asks, as browsers do, whether a page may send a request.
    #[must_use]
    pub fn options(url: &Url) -> Self {
        Self::new(url, Request::options(url.as_str()), Payload::default())
    }

    #[must_use]
    pub fn post_form(url: &Url, fields: &[(&str, &str)]) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(url.as_str()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Self::new(url, request, body.into())
    }

    /// Sends `body` byte by byte as it is, so that it can be signed before.
    #[must_use]
    pub fn post_json(url: &Url, body: String) -> Self {
        let request = Request::post(url.as_str()).header(CONTENT_TYPE, "application/json");
        Self::new(url, request, body.into())
    }

    /// Sends a message of Protocol Buffers.
    #[must_use]
    pub fn post_protobuf(url: &Url, message: Vec<u8>) -> Self {
        let request = Request::post(url.as_str()).header(CONTENT_TYPE, "application/x-protobuf");
        Self::new(url, request, message.into())
    }

    #[must_use]
    pub fn patch_json(url: &Url, body: String) -> Self {
        let request = Request::patch(url.as_str()).header(CONTENT_TYPE, "application/json");
        Self::new(url, request, body.into())
    }

    #[must_use]
    pub fn delete(url: &Url) -> Self {
        Self::new(url, Request::delete(url.as_str()), Payload::default())
    }

    fn new(url: &Url, request: Builder, body: Payload) -> Self {
        Self {
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
            request: request.header(USER_AGENT, concat!("neptun-auth/", env!("CARGO_PKG_VERSION"))),
            body,
            timeout: TIMEOUT,
            max_body: Some(MAX_BODY),
        }
    }

    /// Adds a header. A value that can't be one is an error of [`Outbound::send`](super::Outbound::send).
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Ends the call when it takes longer, from the wait for a place to the last byte of the answer; 5 s by default.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Ends the call when the body of the answer is larger; 64 KiB by default.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Takes the head for the whole answer, whatever body the other server sends and however slowly.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.max_body = None;
        self
    }

    /// Empty for a request that can't be written.
    pub(super) fn method(&self) -> &str {
        self.request.method_ref().map_or("", Method::as_str)
    }

    pub(super) fn into_request(self) -> Result<Request<Payload>, hyper::http::Error> {
        self.request.body(self.body)
    }
}

/// Without path, headers and body: each of them may hold a secret.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What the other server answered.
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, unless it is no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Every header of this name that is text.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.filter_map(|value| value.to_str().ok()).collect()
    }

    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) async fn read(response: Response<Incoming>, max_body: Option<usize>) -> Result<Self, OutboundError> {
        let (head, incoming) = response.into_parts();
        let body = match max_body {
            Some(max_body) => read_body(incoming, max_body).await?,
            None => Vec::new(),
        };
        Ok(Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}

async fn read_body(mut incoming: Incoming, max_body: usize) -> Result<Vec<u8>, OutboundError> {
    let mut body = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
        let Ok(data) = frame.map_err(failed)?.into_data() else {
            continue;
        };
        if body.len() + data.len() > max_body {
            return Err(OutboundError::TooLarge(max_body));
        }
        body.extend_from_slice(&data);
    }
    Ok(body)
}

/// Without headers and body: either may hold a secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
