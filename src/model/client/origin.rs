//! Which web pages may call the service from a browser.

use url::{Host, Url};

/// Scheme, host and port of a page, in the form in which browsers send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not a web origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an origin: write scheme, host and, where it is not the default, port, as in https://app.example.com"
)]
pub struct InvalidOrigin(String);

impl Origin {
    /// Accepts `http` and `https` origins without path, query or user; never `*` or `null`.
    ///
    /// # Errors
    /// [`InvalidOrigin`] for everything else.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.to_owned());
        // Copied from a browser's address line, an origin ends with a slash.
        let text = text.strip_suffix('/').unwrap_or(text);
        let url = Url::parse(text).map_err(|_| invalid())?;
        let serialised = url.origin().ascii_serialization();
        let is_web = matches!(url.scheme(), "http" | "https");
        // Only the exact form that a browser sends can ever match.
        if is_web && serialised == text {
            Ok(Self(serialised))
        } else {
            Err(invalid())
        }
    }

    /// The origin of `url`.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }
}

/// The origins whose pages may send credentials.
#[derive(Debug, Clone)]
pub struct AllowedOrigins {
    own: Origin,
    listed: Vec<Origin>,
    any_loopback: bool,
}

impl AllowedOrigins {
    /// The service's own origin and the `listed` ones. With an empty list and a loopback public URL, every
    /// `http://localhost:PORT` and `http://127.0.0.1:PORT` too, because front ends in development are there.
    #[must_use]
    pub fn new(public_url: &Url, listed: Vec<Origin>) -> Self {
        Self {
            own: Origin::of(public_url),
            any_loopback: listed.is_empty() && is_loopback(public_url),
            listed,
        }
    }

    /// Compares whole strings, so that no suffix, prefix or other case of a listed origin passes.
    #[must_use]
    pub fn contains(&self, header: &str) -> bool {
        self.own.0 == header
            || self.listed.iter().any(|origin| origin.0 == header)
            || (self.any_loopback && is_http_loopback(header))
    }
}

/// Whether a URL points at this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_http_loopback(header: &str) -> bool {
    let Some(rest) = header.strip_prefix("http://") else {
        return false;
    };
    let (host, port) = rest.split_once(':').unwrap_or((rest, "80"));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    matches!(host, "localhost" | "127.0.0.1") && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(public_url: &str, listed: &[&str]) -> AllowedOrigins {
        let listed = listed.iter().map(|text| Origin::parse(text).unwrap()).collect();
        AllowedOrigins::new(&Url::parse(public_url).unwrap(), listed)
    }

    #[test]
    fn only_exact_origins_can_be_listed() {
        assert!(Origin::parse("https://app.example.com").is_ok());
        assert!(Origin::parse("http://localhost:3000").is_ok());
        assert_eq!(
            Origin::parse("https://app.example.com/"),
            Origin::parse("https://app.example.com")
        );
        for text in [
            "*",
            "null",
            "",
            "app.example.com",
            "https://app.example.com//",
            "https://app.example.com/path",
            "https://*.example.com/",
            "https://App.example.com",
            "https://app.example.com:443",
            "https://user@app.example.com",
            "file:///tmp",
            "ftp://example.com",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_but_our_own_and_the_listed_origins_is_allowed() {
        let allowed = allowed("https://auth.example.com", &["https://app.example.com"]);
        assert!(allowed.contains("https://auth.example.com"));
        assert!(allowed.contains("https://app.example.com"));
        for hostile in [
            "null",
            "",
            "*",
            "https://example.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.example",
            "https://evil-app.example.com",
            "https://APP.example.com",
            "https://app.example.com/",
            "https://app.example.com@evil.example",
            "http://localhost:3000",
            "http://127.0.0.1",
        ] {
            assert!(!allowed.contains(hostile), "{hostile}");
        }
    }

    #[test]
    fn a_service_on_loopback_allows_pages_on_loopback_unless_a_list_is_set() {
        let open = allowed("http://localhost:8080", &[]);
        for page in ["http://localhost:3000", "http://127.0.0.1:5173", "http://localhost"] {
            assert!(open.contains(page), "{page}");
        }
        for page in [
            "https://localhost.evil.example",
            "http://localhost:3000.evil.example",
            "http://localhost:99999",
            "http://localhost:",
            "http://127.0.0.1.evil.example",
            "http://localhost:+80",
            "null",
        ] {
            assert!(!open.contains(page), "{page}");
        }
        assert!(!allowed("http://localhost:8080", &["http://localhost:3000"]).contains("http://localhost:4000"));
    }
}
