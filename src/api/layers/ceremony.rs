//! The cookie of a log-in with a provider: its values in a request, and the change to make to it.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use poem::Request;
use poem::http::{HeaderName, Method};

use crate::model::session::cookie::SessionCookie;

#[derive(Debug, Default)]
pub struct CeremonyCookies {
    presented: Vec<String>,
    is_ahead: bool,
    is_from_another_site: bool,
    is_session_kept_back: bool,
    change: Mutex<Option<Change>>,
}

#[derive(Debug)]
enum Change {
    Keep(String),
    Remove,
}

impl CeremonyCookies {
    /// What `request` brings, with its raw `Cookie` headers.
    pub fn of<'h>(cookie: &SessionCookie, request: &Request, headers: impl Iterator<Item = &'h [u8]>) -> Self {
        Self {
            presented: cookie.ceremony().find(headers).map(str::to_owned).collect(),
            is_ahead: is_ahead(request),
            is_from_another_site: request.header("sec-fetch-site") == Some("cross-site"),
            is_session_kept_back: cookie.is_strict(),
            change: Mutex::default(),
        }
    }

    /// The values that the request presents, none of them verified.
    #[must_use]
    pub fn presented(&self) -> Vec<String> {
        self.presented.clone()
    }

    /// Whether the page is only looked at, or loaded in advance, before the person has decided. The framework answers a
    /// HEAD request as a GET request, so an operation can't tell.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    /// Whether a page of another site led the browser here (W3C Fetch Metadata).
    #[must_use]
    pub fn is_from_another_site(&self) -> bool {
        self.is_from_another_site
    }

    /// Whether browsers bring no session cookie along from a provider, by the operator's settings.
    #[must_use]
    pub fn is_session_kept_back(&self) -> bool {
        self.is_session_kept_back
    }

    /// Sends the client the cookie.
    pub fn keep(&self, value: String) {
        self.change(Change::Keep(value));
    }

    /// Removes the cookie from the client.
    pub fn discard(&self) {
        self.change(Change::Remove);
    }

    fn change(&self, change: Change) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }

    /// The value of `Set-Cookie`, if there is a change.
    pub(super) fn set_cookie(&self, cookie: &SessionCookie, now: DateTime<Utc>) -> Option<String> {
        let change = self.change.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(match change {
            Change::Keep(value) => cookie.ceremony().keep(&value, now),
            Change::Remove => cookie.ceremony().remove(),
        })
    }
}

fn is_ahead(request: &Request) -> bool {
    const HEADERS: [HeaderName; 3] = [
        HeaderName::from_static("sec-purpose"),
        HeaderName::from_static("purpose"),
        HeaderName::from_static("x-moz"),
    ];
    let says_so = |name: HeaderName| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch") || value.contains("prerender"))
    };
    request.method() == Method::HEAD || HEADERS.into_iter().any(says_so)
}
