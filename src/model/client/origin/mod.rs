//! Which web pages may call the service from a browser.

mod listed;

use url::{Host, Url};

pub use listed::{InvalidOrigin, Origin};

/// The origins whose pages may send credentials.
#[derive(Debug, Clone)]
pub struct AllowedOrigins {
    own: Origin,
    listed: Vec<Origin>,
    /// Origins that browsers may be sent to, and whose pages may not call.
    return_only: Vec<Origin>,
    any_loopback: bool,
}

impl AllowedOrigins {
    /// The service's own origin and the `listed` ones. With an empty list and a loopback public URL, any port of
    /// `localhost`, `*.localhost`, `127.0.0.1` and `[::1]` too, because front ends in development are there.
    #[must_use]
    pub fn new(public_url: &Url, listed: Vec<Origin>) -> Self {
        Self {
            own: Origin::of(public_url),
            any_loopback: listed.is_empty() && is_loopback(public_url),
            return_only: Vec::new(),
            listed,
        }
    }

    /// The same, and origins that browsers may be sent back to after a log-in.
    #[must_use]
    pub fn with_return_origins(self, return_only: Vec<Origin>) -> Self {
        Self { return_only, ..self }
    }

    /// Whether browsers may be sent to this origin: our own or a listed one of the web, word for word and without a
    /// wildcard.
    #[must_use]
    pub fn names(&self, origin: &str) -> bool {
        let is_web = origin.starts_with("https://") || origin.starts_with("http://");
        let mut named = std::iter::once(&self.own).chain(&self.listed).chain(&self.return_only);
        is_web && named.any(|named| matches!(named, Origin::One(text) if text == origin))
    }

    /// Whether this `Origin` header is our own.
    #[must_use]
    pub fn is_own(&self, header: &str) -> bool {
        self.own.matches(header)
    }

    /// Whether a page that sends this `Origin` header may call. Compares whole strings, so that no suffix, prefix or
    /// other case of a listed origin passes.
    #[must_use]
    pub fn contains(&self, header: &str) -> bool {
        self.own.matches(header)
            || self.listed.iter().any(|origin| origin.matches(header))
            || (self.any_loopback && is_loopback_page(header))
    }
}

/// Whether a URL points at this machine. Browsers resolve every name below `localhost` to it (RFC 6761, 6.3).
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether an `Origin` header is that of a page on this machine, in exactly the form in which browsers send it.
fn is_loopback_page(header: &str) -> bool {
    let is_page = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && is_loopback(url)
            && matches!(url.host_str(), Some(host) if !host.starts_with("127.") || host == "127.0.0.1")
    };
    // A host has at most 253 characters, so that a longer header costs no parsing.
    header.len() <= 300
        && Url::parse(header).is_ok_and(|url| is_page(&url) && url.origin().ascii_serialization() == header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(public_url: &str, listed: &[&str]) -> AllowedOrigins {
        let listed = listed.iter().map(|text| Origin::parse(text).unwrap()).collect();
        AllowedOrigins::new(&Url::parse(public_url).unwrap(), listed)
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
        for page in [
            "http://localhost:3000",
            "http://127.0.0.1:5173",
            "http://localhost",
            "https://localhost:5173",
            "http://app.localhost:3000",
            "http://a.b.localhost",
            "http://[::1]:3000",
        ] {
            assert!(open.contains(page), "{page}");
            assert!(allowed("http://auth.localhost:8080", &[]).contains(page), "{page}");
            assert!(!allowed("https://auth.example.com", &[]).contains(page), "{page}");
        }
        for page in [
            "https://localhost.evil.example",
            "http://localhost:3000.evil.example",
            "http://localhost:99999",
            "http://localhost:",
            "http://localhost:80",
            "http://localhost/",
            "http://LOCALHOST",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.2:3000",
            "http://127.1:3000",
            "http://localhost:+80",
            "http://evil.example@localhost",
            "http://notlocalhost",
            "http://[::1].evil.example",
            "http://[::2]:3000",
            "http://192.168.1.5:3000",
            "capacitor://localhost",
            "null",
        ] {
            assert!(!open.contains(page), "{page}");
        }
        assert!(!open.contains(&format!("http://{}localhost", "a.".repeat(8000))));
        let listed = allowed(
            "http://localhost:8080",
            &["http://localhost:3000", "http://192.168.1.5:3000"],
        );
        assert!(!listed.contains("http://localhost:4000"));
        assert!(listed.contains("http://192.168.1.5:3000"));
    }
}
