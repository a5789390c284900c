//! A client with a cookie jar for the session's cookie and the device's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::http::{self, Method, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, Request, RequestParts, Response};
use serde_json::Value;

use super::Answer;

/// Clones share the jar, like tabs of one browser.
#[derive(Clone)]
pub struct Client {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    cookie: Arc<Mutex<Option<String>>>,
    device: Arc<Mutex<Option<String>>>,
    browser: Arc<Mutex<Option<String>>>,
    /// The cookie of a log-in with a provider.
    ceremony: Arc<Mutex<Option<String>>>,
    /// The address that the service sees; none by default.
    address: RemoteAddr,
}

impl Client {
    pub fn new(endpoint: Arc<BoxEndpoint<'static, Response>>) -> Self {
        Self {
            endpoint,
            cookie: Arc::default(),
            device: Arc::default(),
            browser: Arc::default(),
            ceremony: Arc::default(),
            address: RemoteAddr::default(),
        }
    }

    /// The same client at another address, such as `203.0.113.9`.
    pub fn at(mut self, ip: &str) -> Self {
        self.address = RemoteAddr(SocketAddr::new(ip.parse().unwrap(), 1).into());
        self
    }

    /// A client with an empty jar and no address, of the same service.
    pub fn another(&self) -> Self {
        Self::new(Arc::clone(&self.endpoint))
    }

    /// A thief's client: it has a copy of the session cookie and not the device's.
    pub fn copy(&self) -> Self {
        let copy = self.another();
        copy.set_cookie(self.cookie());
        copy
    }

    /// The session's cookie as `name=value`.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    /// The value of the session's cookie.
    pub fn secret(&self) -> String {
        self.cookie().unwrap().split_once('=').unwrap().1.to_owned()
    }

    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap() = cookie;
    }

    /// The device's cookie as `name=value`.
    pub fn device(&self) -> Option<String> {
        self.device.lock().unwrap().clone()
    }

    /// The cookie of a browser that has asked for a log-in code, as `name=value`.
    pub fn browser(&self) -> Option<String> {
        self.browser.lock().unwrap().clone()
    }

    pub fn set_device(&self, cookie: Option<String>) {
        *self.device.lock().unwrap() = cookie;
    }

    /// The cookie of a log-in with a provider as `name=value`.
    pub fn ceremony(&self) -> Option<String> {
        self.ceremony.lock().unwrap().clone()
    }

    pub fn set_ceremony(&self, cookie: Option<String>) {
        *self.ceremony.lock().unwrap() = cookie;
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json("POST", path, body).await
    }

    /// Sends a JSON body with any method.
    pub async fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_json_with(method, path, &[], body).await
    }

    /// Sends a JSON body with further headers.
    pub async fn send_json_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let method = method.parse().unwrap();
        self.send(method, path, &headers, Body::from(body.to_string())).await
    }

    /// Sends any request with the jar's cookies and keeps the cookies that come back.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let response = self.respond(method, path, headers, body).await;
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: body_of(response).await,
        };
        self.keep_cookies(&answer);
        answer
    }

    /// Sends any request with the jar's cookies; the body of the response is not read.
    pub async fn respond(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Response {
        let mut request = http::Request::builder().method(method).uri(path);
        let cookies: Vec<_> = [self.cookie(), self.device(), self.browser(), self.ceremony()]
            .into_iter()
            .flatten()
            .collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let address = self.address.clone();
        let parts = RequestParts::from((parts, LocalAddr::default(), address, Scheme::HTTP));
        self.endpoint.get_response(Request::from_parts(parts, body)).await
    }

    fn keep_cookies(&self, answer: &Answer) {
        if let Some(set_cookie) = answer.set_cookie() {
            let (pair, attributes) = set_cookie.split_once(';').unwrap();
            let is_removal = attributes.contains("Max-Age=0");
            self.set_cookie((!is_removal).then(|| pair.to_owned()));
        }
        if let Some(set_cookie) = answer.set_browser() {
            *self.browser.lock().unwrap() = Some(set_cookie.split_once(';').unwrap().0.to_owned());
        }
        if let Some(set_cookie) = answer.set_ceremony() {
            let (pair, attributes) = set_cookie.split_once(';').unwrap();
            self.set_ceremony((!attributes.contains("Max-Age=0")).then(|| pair.to_owned()));
        }
        if let Some(set_cookie) = answer.set_device() {
            self.set_device(Some(set_cookie.split_once(';').unwrap().0.to_owned()));
        }
    }
}

/// The whole body; of a stream nothing, because it does not end.
async fn body_of(response: Response) -> String {
    let is_stream = response.content_type() == Some("text/event-stream");
    let body = response.into_body();
    if is_stream {
        String::new()
    } else {
        body.into_string().await.unwrap()
    }
}
