//! The cookie by which a browser shows that it has logged in to an account before. It is not a credential: the client
//! still needs the password, but other clients' failures don't limit it.

use chrono::{DateTime, TimeDelta, Utc};

use super::Device;
use crate::model::cookie::{SameSite, find, lifetime};

/// The name and attributes of the cookie.
#[derive(Debug, Clone)]
pub struct DeviceCookie {
    name: &'static str,
    attributes: String,
}

impl DeviceCookie {
    pub const NAME: &'static str = "neptun-device";
    const HOST_NAME: &'static str = "__Host-neptun-device";

    /// The device cookie that goes with such a session cookie. It never has a domain: only the service reads it.
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

    /// The `Set-Cookie` value that stores `value` for a year from `now`.
    #[must_use]
    pub fn keep(&self, value: &str, now: DateTime<Utc>) -> String {
        let lifetime = lifetime(TimeDelta::days(Device::COOKIE_DAYS), now);
        format!("{}={value}{}{lifetime}", self.name, self.attributes)
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
    fn https_adds_the_host_prefix_and_the_secure_attribute() {
        let now = DateTime::UNIX_EPOCH;
        let lifetime = "; Max-Age=31536000; Expires=Fri, 01 Jan 1971 00:00:00 GMT";
        assert_eq!(
            DeviceCookie::new(true, SameSite::Strict).keep("x", now),
            format!("__Host-neptun-device=x; HttpOnly; SameSite=Strict; Path=/; Secure{lifetime}")
        );
        assert_eq!(
            DeviceCookie::new(false, SameSite::Lax).keep("x", now),
            format!("neptun-device=x; HttpOnly; SameSite=Lax; Path=/{lifetime}")
        );
    }
}
