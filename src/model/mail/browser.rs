//! The browser that asked for a log-in code: the link in the mail works there only.

use chrono::{DateTime, Utc};

use super::code::CODE_LIFETIME;
use crate::model::cookie::{SameSite, find, lifetime};

/// A key of 128 random bits that one browser holds in a cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AskingBrowser(pub [u8; 16]);

impl std::fmt::Debug for AskingBrowser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AskingBrowser(…)")
    }
}

/// The name and attributes of the cookie with the key.
#[derive(Debug, Clone)]
pub struct BrowserCookie {
    name: &'static str,
    attributes: String,
}

impl BrowserCookie {
    const NAME: &'static str = "neptun-log-in";
    const HOST_NAME: &'static str = "__Host-neptun-log-in";

    /// The cookie that goes with such a session cookie. It never has a domain: only the service reads it.
    #[must_use]
    pub(in crate::model) fn new(secure: bool, same_site: SameSite) -> Self {
        let suffix = if secure { "; Secure" } else { "" };
        Self {
            name: if secure { Self::HOST_NAME } else { Self::NAME },
            attributes: format!("; HttpOnly; SameSite={same_site:?}; Path=/{suffix}"),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// The `Set-Cookie` value that stores the sealed key from `now` on for as long as a code is valid.
    #[must_use]
    pub fn keep(&self, sealed: &str, now: DateTime<Utc>) -> String {
        let lifetime = lifetime(CODE_LIFETIME, now);
        format!("{}={sealed}{}{lifetime}", self.name, self.attributes)
    }

    /// The cookie's values among raw `Cookie` headers, found by the same rules as the session cookie.
    pub fn find<'h>(&self, headers: impl Iterator<Item = &'h [u8]>) -> impl Iterator<Item = &'h str> {
        find(self.name, headers)
            .into_iter()
            .filter_map(|value| std::str::from_utf8(value).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_lives_as_long_as_a_code_and_follows_the_session_cookie() {
        let now = DateTime::UNIX_EPOCH;
        let lifetime = "; Max-Age=600; Expires=Thu, 01 Jan 1970 00:10:00 GMT";
        assert_eq!(
            BrowserCookie::new(true, SameSite::Strict).keep("x", now),
            format!("__Host-neptun-log-in=x; HttpOnly; SameSite=Strict; Path=/; Secure{lifetime}")
        );
        assert_eq!(
            BrowserCookie::new(false, SameSite::Lax).keep("x", now),
            format!("neptun-log-in=x; HttpOnly; SameSite=Lax; Path=/{lifetime}")
        );
    }
}
