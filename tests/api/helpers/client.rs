//! A client with a cookie jar for one cookie.

use std::sync::{Arc, Mutex};

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Body, Endpoint, Request, Response};
use serde_json::{Value, json};

/// Clones share the jar, like tabs of one browser.
#[derive(Clone)]
pub struct Client {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    cookie: Arc<Mutex<Option<String>>>,
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
        }
    }

    /// A client of its own that starts with the same cookie.
    pub fn copy(&self) -> Self {
        let copy = Self::new(Arc::clone(&self.endpoint));
        copy.set_cookie(self.cookie());
        copy
    }

    /// The cookie as `name=value`.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap() = cookie;
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

    /// Sends any request with the jar's cookie and keeps the cookie that comes back.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri_str(path);
        if let Some(cookie) = self.cookie() {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.endpoint.get_response(request.body(body)).await;
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

    /// The only `Set-Cookie` header.
    pub fn set_cookie(&self) -> Option<&str> {
        assert!(
            self.headers.get_all(header::SET_COOKIE).iter().count() <= 1,
            "two cookies"
        );
        self.header("set-cookie")
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
