//! What the service answered, and short ways to say what it should have been.

use std::fmt::{self, Display, Formatter};

use poem::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::redact;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// The two tokens of the token API.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Answer {
    /// Asserts status 200.
    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.assert_status(200)
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Asserts the one error body with this status and code.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) -> &Self {
        self.assert_status(status);
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        let body = self.json();
        assert_eq!(body["statusCode"], status);
        assert_eq!(body["statusMessage"], self.status.canonical_reason().unwrap());
        assert_eq!(body["code"], code);
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
        self
    }

    /// The issues of a validation error as `path: code`; only the code where an issue concerns the whole body.
    #[track_caller]
    pub fn issues(&self) -> Vec<String> {
        self.fails(400, "validation_error");
        let data = &self.json()["data"];
        assert_eq!(data["name"], "ValidationError");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let issue = |issue: &Value| {
            assert!(!text(&issue["message"]).is_empty());
            let path: Vec<_> = issue["path"].as_array().unwrap().iter().map(text).collect();
            let code = text(&issue["code"]);
            if path.is_empty() {
                code
            } else {
                format!("{}: {code}", path.join("."))
            }
        };
        data["issues"].as_array().unwrap().iter().map(issue).collect()
    }

    /// Asserts that the rate limiter rejected the request, and returns the seconds until the next attempt is allowed.
    #[track_caller]
    pub fn throttled(&self, limit: &str) -> i64 {
        self.fails(429, "too_many_requests").retry_after(limit)
    }

    /// The seconds that the headers of a 429 ask to wait because of `limit`.
    #[track_caller]
    pub fn retry_after(&self, limit: &str) -> i64 {
        self.assert_status(429);
        let wait: i64 = self.header("retry-after").unwrap().parse().unwrap();
        assert!(wait > 0);
        let expected = format!("\"{limit}\";r=0;t={wait}");
        assert_eq!(self.header("ratelimit"), Some(expected.as_str()));
        let policy = self.header("ratelimit-policy").unwrap();
        assert!(policy.starts_with(&format!("\"{limit}\";q=")), "{policy}");
        wait
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Tokens {
            access: text("access"),
            refresh: text("refresh"),
        }
    }

    /// What a client can compare of two answers.
    pub fn status_and_body(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.body)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The session's `Set-Cookie` header, which is the first.
    pub fn set_cookie(&self) -> Option<&str> {
        let cookies = self.set_cookies();
        let first = cookies.into_iter().find(|cookie| !cookie.contains("neptun-oauth="));
        first.filter(|cookie| !is_of_a_browser(cookie))
    }

    /// The `Set-Cookie` header of a browser that has asked for a log-in code; it always comes alone.
    pub fn set_browser(&self) -> Option<&str> {
        let cookies = self.set_cookies();
        let browser = cookies.first().copied().filter(|cookie| is_of_a_browser(cookie));
        assert!(browser.is_none() || cookies.len() == 1, "{cookies:?}");
        browser
    }

    /// The `Set-Cookie` header of a log-in with a provider.
    pub fn set_ceremony(&self) -> Option<&str> {
        let is_ceremony = |cookie: &&str| cookie.contains("neptun-oauth=");
        self.set_cookies().into_iter().find(is_ceremony)
    }

    /// The device's `Set-Cookie` header, which never comes alone.
    pub fn set_device(&self) -> Option<&str> {
        let cookies = self.set_cookies();
        let devices: Vec<_> = cookies
            .iter()
            .filter(|cookie| cookie.contains("neptun-device="))
            .collect();
        assert!(devices.len() <= 1, "{devices:?}");
        assert!(
            devices.is_empty() || cookies[0] == cookies[cookies.len() - 1],
            "{cookies:?}"
        );
        devices.first().map(|device| **device)
    }

    /// Every `Set-Cookie` header.
    pub fn set_cookies(&self) -> Vec<&str> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter();
        cookies.map(|value| value.to_str().unwrap()).collect()
    }
}

fn is_of_a_browser(cookie: &str) -> bool {
    cookie.contains("neptun-log-in=")
}

/// Status and body as a snapshot shows them: JSON is laid out, ids are replaced.
impl Display for Answer {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        writeln!(out, "{}", self.status)?;
        match serde_json::from_str::<Value>(&self.body) {
            Ok(json) => write!(out, "{}", redact(&format!("{json:#}"))),
            Err(_) => write!(out, "{}", redact(&self.body)),
        }
    }
}
