//! The cookie by which a browser shows that it has logged in to an account before. It is not a credential: the client
//! still needs the password, but other clients' failures don't limit it.

use super::Device;
use crate::model::cookie::SameSite;

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

    /// The `Set-Cookie` value that stores `value` for a year.
    #[must_use]
    pub fn keep(&self, value: &str) -> String {
        let max_age = Device::COOKIE_DAYS * 24 * 3600;
        format!("{}={value}{}; Max-Age={max_age}", self.name, self.attributes)
    }

    /// The cookie's value among raw `Cookie` headers, found by the same rules as the session cookie.
    #[must_use]
    pub fn find<'h>(&self, headers: impl Iterator<Item = &'h [u8]>) -> Option<&'h str> {
        crate::model::cookie::find(self.name, headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_adds_the_host_prefix_and_the_secure_attribute() {
        assert_eq!(
            DeviceCookie::new(true, SameSite::Strict).keep("x"),
            "__Host-neptun-device=x; HttpOnly; SameSite=Strict; Path=/; Secure; Max-Age=31536000"
        );
        assert_eq!(
            DeviceCookie::new(false, SameSite::Lax).keep("x"),
            "neptun-device=x; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000"
        );
    }
}
