//! The session cookie: its name, its attributes, and how it is read from a request.

use chrono::TimeDelta;
use url::{Host, Url};

use super::secret::SessionSecret;
use crate::model::cookie::{SameSite, find};
use crate::model::device::cookie::DeviceCookie;

/// Everything about the cookie but its value. It exists only in combinations that browsers keep.
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
    attributes: String,
    device: DeviceCookie,
}

/// A combination of settings that browsers would drop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCookie {
    #[error("COOKIE_NAME `{0}` is not a cookie name: use letters, digits, `-` and `_`")]
    Name(String),
    #[error("COOKIE_NAME `{0}` needs an https PUBLIC_URL: browsers drop `__Host-` and `__Secure-` cookies otherwise")]
    PrefixWithoutHttps(String),
    #[error(
        "COOKIE_NAME `{0}` can't go with COOKIE_DOMAIN: browsers drop `__Host-` cookies that name a domain; \
         choose a name without the prefix"
    )]
    HostPrefixWithDomain(String),
    #[error("COOKIE_NAME `{0}` is the name of the device cookie; choose another")]
    DeviceCookie(String),
    #[error("COOKIE_SAME_SITE `none` needs an https PUBLIC_URL: browsers drop such cookies without Secure")]
    NoneWithoutHttps,
    #[error("COOKIE_DOMAIN `{0}` must be the host of PUBLIC_URL or a domain above it that has a dot")]
    ForeignDomain(String),
}

impl SessionCookie {
    /// The name without a setting; with an https public URL it gets the `__Host-` prefix.
    pub const DEFAULT_NAME: &'static str = "neptun-session";

    /// Combines the settings.
    ///
    /// # Errors
    /// [`InvalidCookie`] when a browser would not keep the cookie.
    pub fn new(
        public_url: &Url,
        name: Option<&str>,
        same_site: SameSite,
        domain: Option<&str>,
    ) -> Result<Self, InvalidCookie> {
        let secure = public_url.scheme() == "https";
        let name = match name {
            Some(name) => name.to_owned(),
            None if secure && domain.is_none() => format!("__Host-{}", Self::DEFAULT_NAME),
            None => Self::DEFAULT_NAME.to_owned(),
        };
        check_name(&name, secure, domain)?;
        if same_site == SameSite::None && !secure {
            return Err(InvalidCookie::NoneWithoutHttps);
        }
        let mut attributes = format!("; HttpOnly; SameSite={same_site:?}; Path=/");
        if secure {
            attributes.push_str("; Secure");
        }
        if let Some(domain) = domain {
            check_domain(domain, public_url)?;
            attributes.push_str("; Domain=");
            attributes.push_str(domain);
        }
        let device = DeviceCookie::new(secure, same_site);
        if name == device.name() {
            return Err(InvalidCookie::DeviceCookie(name));
        }
        Ok(Self {
            name,
            attributes,
            device,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The device cookie, which stays when the session ends.
    #[must_use]
    pub fn device(&self) -> &DeviceCookie {
        &self.device
    }

    /// The `Set-Cookie` value that stores `secret` for `max_age`.
    #[must_use]
    pub fn keep(&self, secret: SessionSecret, max_age: TimeDelta) -> String {
        let value = secret.reveal();
        format!(
            "{}={value}{}; Max-Age={}",
            self.name,
            self.attributes,
            max_age.num_seconds().max(0)
        )
    }

    /// The `Set-Cookie` value that removes the cookie. It repeats every attribute: browsers ignore it otherwise.
    #[must_use]
    pub fn remove(&self) -> String {
        format!("{}={}; Max-Age=0", self.name, self.attributes)
    }

    /// Finds the cookie among raw `Cookie` headers by its exact name. Names are not decoded, so `%5F%5FHost-…` is not
    /// ours. A name that appears twice is rejected, because one of the two may be planted.
    #[must_use]
    pub fn find<'h>(&self, headers: impl Iterator<Item = &'h [u8]>) -> Option<SessionSecret> {
        find(&self.name, headers)?.parse().ok()
    }
}

fn check_name(name: &str, secure: bool, domain: Option<&str>) -> Result<(), InvalidCookie> {
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    // Browsers compare the prefixes without regard to case.
    let lowered = name.to_ascii_lowercase();
    let host_prefix = lowered.starts_with("__host-");
    let prefix = host_prefix || lowered.starts_with("__secure-");
    if !is_token {
        Err(InvalidCookie::Name(name.to_owned()))
    } else if prefix && !secure {
        Err(InvalidCookie::PrefixWithoutHttps(name.to_owned()))
    } else if host_prefix && domain.is_some() {
        Err(InvalidCookie::HostPrefixWithDomain(name.to_owned()))
    } else {
        Ok(())
    }
}

fn check_domain(domain: &str, public_url: &Url) -> Result<(), InvalidCookie> {
    let accepted = match public_url.host() {
        Some(Host::Domain(host)) => host == domain || (domain.contains('.') && host.ends_with(&format!(".{domain}"))),
        _ => false,
    };
    accepted
        .then_some(())
        .ok_or_else(|| InvalidCookie::ForeignDomain(domain.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(
        url: &str,
        name: Option<&str>,
        same_site: SameSite,
        domain: Option<&str>,
    ) -> Result<SessionCookie, InvalidCookie> {
        SessionCookie::new(&Url::parse(url).unwrap(), name, same_site, domain)
    }

    fn host_cookie() -> SessionCookie {
        cookie("https://auth.example.com", None, SameSite::Lax, None).unwrap()
    }

    #[test]
    fn https_adds_the_host_prefix_and_the_secure_attribute() {
        let secret = SessionSecret::generate();
        let value = secret.reveal();
        assert_eq!(
            host_cookie().keep(secret, TimeDelta::days(7)),
            format!("__Host-neptun-session={value}; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=604800")
        );
        let plain = cookie("http://localhost:8080", None, SameSite::Lax, None).unwrap();
        assert_eq!(
            plain.keep(secret, TimeDelta::days(7)),
            format!("neptun-session={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800")
        );
    }

    #[test]
    fn removal_repeats_every_attribute() {
        let shared = cookie("https://auth.example.com", None, SameSite::None, Some("example.com")).unwrap();
        assert_eq!(
            shared.remove(),
            "neptun-session=; HttpOnly; SameSite=None; Path=/; Secure; Domain=example.com; Max-Age=0"
        );
    }

    #[test]
    fn combinations_that_browsers_drop_are_refused() {
        let https = "https://auth.example.com";
        let http = "http://localhost:8080";
        let lax = SameSite::Lax;
        assert!(matches!(
            cookie(http, Some("__Host-s"), lax, None),
            Err(InvalidCookie::PrefixWithoutHttps(_))
        ));
        assert!(matches!(
            cookie(http, Some("__secure-s"), lax, None),
            Err(InvalidCookie::PrefixWithoutHttps(_))
        ));
        assert!(matches!(
            cookie(https, Some("__Host-s"), lax, Some("example.com")),
            Err(InvalidCookie::HostPrefixWithDomain(_))
        ));
        assert!(matches!(
            cookie(http, None, SameSite::None, None),
            Err(InvalidCookie::NoneWithoutHttps)
        ));
        for domain in [
            "com",
            "evil.example",
            "th.example.com",
            "app.auth.example.com",
            ".example.com",
            "",
        ] {
            assert!(
                matches!(
                    cookie(https, None, lax, Some(domain)),
                    Err(InvalidCookie::ForeignDomain(_))
                ),
                "{domain}"
            );
        }
        assert!(matches!(
            cookie("http://127.0.0.1:8080", None, lax, Some("0.1")),
            Err(InvalidCookie::ForeignDomain(_))
        ));
        for name in ["", "a b", "a;b", "a=b", "sitzung\u{e9}"] {
            assert!(
                matches!(cookie(https, Some(name), lax, None), Err(InvalidCookie::Name(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name_and_only_if_it_appears_once() {
        let cookie = host_cookie();
        let secret = SessionSecret::generate();
        let value = secret.reveal();
        let ours = format!("__Host-neptun-session={value}");
        let find = |headers: &[&str]| cookie.find(headers.iter().map(|header| header.as_bytes()));
        assert_eq!(find(&[&format!("theme=dark; {ours}; x=y")]), Some(secret));
        assert_eq!(find(&["theme=dark", &ours]), Some(secret));
        assert_eq!(find(&[&format!("name=Jörg; {ours}")]), Some(secret));
        let latin = [b"name=J\xf6rg; ".as_slice(), ours.as_bytes()].concat();
        assert_eq!(cookie.find([latin.as_slice()].into_iter()), Some(secret));
        assert_eq!(find(&[&format!("{ours}; {ours}")]), None);
        assert_eq!(find(&[&ours, &ours]), None);
        for name in [
            "%5F%5FHost-neptun-session",
            "__host-neptun-session",
            "\u{2000}__Host-neptun-session",
            "neptun-session",
            "x__Host-neptun-session",
        ] {
            assert_eq!(find(&[&format!("{name}={value}")]), None, "{name}");
        }
        assert_eq!(find(&[&format!("__Host-neptun-session=\"{value}\"")]), None);
    }
}
