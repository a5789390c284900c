//! A client with a cookie jar for the session's cookie and the device's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::http::{self, HeaderMap, Method, StatusCode, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, Request, RequestParts, Response};
use serde_json::{Value, json};

/// Clones share the jar, like tabs of one browser.
#[derive(Clone)]
pub struct Client {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    cookie: Arc<Mutex<Option<String>>>,
    device: Arc<Mutex<Option<String>>>,
    /// Where requests seem to come from; nowhere by default.
    address: RemoteAddr,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Client {
    pub fn new(endpoint: Arc<BoxEndpoint<'static, Response>>) -> Self {
        Self {
            endpoint,
            cookie: Arc::default(),
            device: Arc::default(),
            address: RemoteAddr::default(),
        }
    }

    /// The same client at another address, such as `203.0.113.9`.
    pub fn at(mut self, ip: &str) -> Self {
        self.address = RemoteAddr(SocketAddr::new(ip.parse().unwrap(), 1).into());
        self
    }

    /// A client of its own that starts with the same session cookie.
    pub fn copy(&self) -> Self {
        let copy = Self::new(Arc::clone(&self.endpoint));
        copy.set_cookie(self.cookie());
        copy
    }

    /// The session's cookie as `name=value`.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap() = cookie;
    }

    /// The device's cookie as `name=value`.
    pub fn device(&self) -> Option<String> {
        self.device.lock().unwrap().clone()
    }

    pub fn set_device(&self, cookie: Option<String>) {
        *self.device.lock().unwrap() = cookie;
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
        let json = [("content-type", "application/json")];
        self.send(method.parse().unwrap(), path, &json, Body::from(body.to_string()))
            .await
    }

    pub async fn sign_up(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/sign-up", &json!({ "email": email, "password": password }))
            .await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", &json!({ "email": email, "password": password }))
            .await
    }

    pub async fn log_out(&self) -> Answer {
        self.send(Method::POST, "/api/auth/logout", &[], Body::empty()).await
    }

    /// The status of `GET /api/auth/session`.
    pub async fn session_status(&self) -> u16 {
        self.get("/api/auth/session").await.status.as_u16()
    }

    /// Sends any request with the jar's cookies and keeps the cookies that come back.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        let cookies: Vec<_> = self.cookie().into_iter().chain(self.device()).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let address = self.address.clone();
        let parts = RequestParts::from((parts, LocalAddr::default(), address, Scheme::HTTP));
        let response = self.endpoint.get_response(Request::from_parts(parts, body)).await;
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.into_body().into_string().await.unwrap(),
        };
        if let Some(set_cookie) = answer.set_cookie() {
            let (pair, attributes) = set_cookie.split_once(';').unwrap();
            let is_removal = attributes.contains("Max-Age=0");
            self.set_cookie((!is_removal).then(|| pair.to_owned()));
        }
        if let Some(set_cookie) = answer.set_device() {
            self.set_device(Some(set_cookie.split_once(';').unwrap().0.to_owned()));
        }
        answer
    }
}

impl Answer {
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Asserts the one error body with this status and code.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) -> &Self {
        self.assert_status(status);
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        let body = self.json();
        assert_eq!(body["statusCode"], status);
        assert_eq!(body["statusMessage"], self.status.canonical_reason().unwrap());
        assert_eq!(body["code"], code);
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
        self
    }

    /// The issues of a validation error as `(path, code)`.
    #[track_caller]
    pub fn issues(&self) -> Vec<(String, String)> {
        self.assert_error(400, "validation_error");
        let data = &self.json()["data"];
        assert_eq!(data["name"], "ValidationError");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let issues = data["issues"].as_array().unwrap().iter();
        issues
            .map(|issue| {
                let path: Vec<_> = issue["path"].as_array().unwrap().iter().map(text).collect();
                assert!(!text(&issue["message"]).is_empty());
                (path.join("."), text(&issue["code"]))
            })
            .collect()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts the refusal of a limit, and gives the seconds that it asks to wait.
    #[track_caller]
    pub fn assert_throttled(&self, limit: &str) -> i64 {
        self.assert_error(429, "too_many_requests").waiting(limit)
    }

    /// What the headers of a 429 say about `limit`.
    #[track_caller]
    pub fn waiting(&self, limit: &str) -> i64 {
        self.assert_status(429);
        let wait: i64 = self.header("retry-after").unwrap().parse().unwrap();
        assert!(wait > 0);
        let expected = format!("\"{limit}\";r=0;t={wait}");
        assert_eq!(self.header("ratelimit"), Some(expected.as_str()));
        let policy = self.header("ratelimit-policy").unwrap();
        assert!(policy.starts_with(&format!("\"{limit}\";q=")), "{policy}");
        wait
    }

    fn set_cookies(&self) -> Vec<&str> {
        let cookies: Vec<_> = self.headers.get_all(header::SET_COOKIE).iter().collect();
        assert!(cookies.len() <= 2, "more than two cookies");
        cookies.iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The session's `Set-Cookie` header, which is the first.
    pub fn set_cookie(&self) -> Option<&str> {
        self.set_cookies().first().copied()
    }

    /// The device's `Set-Cookie` header, which never comes alone.
    pub fn set_device(&self) -> Option<&str> {
        let second = self.set_cookies().get(1).copied();
        assert!(
            second.is_none_or(|cookie| cookie.contains("neptun-device=")),
            "{second:?}"
        );
        second
    }
}

/// The two tokens of the token API.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Client {
    pub async fn token_pair(&self, email: &str, password: &str) -> Tokens {
        let answer = self
            .post("/api/token/", &json!({ "email": email, "password": password }))
            .await;
        answer.assert_status(200).tokens()
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/api/token/refresh/", &json!({ "refresh": token })).await
    }

    /// `GET` with an access token.
    pub async fn get_as(&self, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(Method::GET, path, &[("authorization", &bearer)], Body::empty())
            .await
    }
}

impl Answer {
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Tokens {
            access: text("access"),
            refresh: text("refresh"),
        }
    }
}
