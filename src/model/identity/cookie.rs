//! The cookie that carries a [`Ceremony`](super::ceremony::Ceremony) from its start to its callback.

use chrono::{DateTime, Utc};

use super::ceremony::CEREMONY_LIFETIME;
use crate::model::cookie::{REMOVED, find, lifetime};

/// The name and attributes of the cookie. It is `Lax` whatever the session cookie is: the callback is a navigation from
/// the provider's site, to which browsers send no `Strict` cookie.
#[derive(Debug, Clone)]
pub struct CeremonyCookie {
    name: &'static str,
    attributes: &'static str,
}

impl CeremonyCookie {
    const SECURE: Self = Self {
        name: "__Host-neptun-oauth",
        attributes: "; HttpOnly; SameSite=Lax; Path=/; Secure",
    };
    const PLAIN: Self = Self {
        name: "neptun-oauth",
        attributes: "; HttpOnly; SameSite=Lax; Path=/",
    };

    #[must_use]
    pub(in crate::model) fn new(secure: bool) -> Self {
        if secure { Self::SECURE } else { Self::PLAIN }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// The `Set-Cookie` value that stores `value` from `now` on for as long as a ceremony lives.
    #[must_use]
    pub fn keep(&self, value: &str, now: DateTime<Utc>) -> String {
        let lifetime = lifetime(CEREMONY_LIFETIME, now);
        format!("{}={value}{}{lifetime}", self.name, self.attributes)
    }

    /// The `Set-Cookie` value that removes the cookie.
    #[must_use]
    pub fn remove(&self) -> String {
        format!("{}={}{REMOVED}", self.name, self.attributes)
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
    fn the_cookie_is_lax_lives_ten_minutes_and_is_removed_with_the_same_attributes() {
        let now = DateTime::UNIX_EPOCH;
        let secure = CeremonyCookie::new(true);
        assert_eq!(
            secure.keep("x", now),
            "__Host-neptun-oauth=x; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=600; \
             Expires=Thu, 01 Jan 1970 00:10:00 GMT"
        );
        assert_eq!(
            secure.remove(),
            "__Host-neptun-oauth=; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=0; \
             Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
        assert!(
            CeremonyCookie::new(false)
                .keep("x", now)
                .starts_with("neptun-oauth=x; HttpOnly; SameSite=Lax; Path=/;")
        );
    }
}
