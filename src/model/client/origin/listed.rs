//! An entry in the list of allowed origins, in the form in which browsers send it.

use std::fmt;

use url::{Host, Url};

use crate::model::public_suffix::is_public_suffix;

/// The origins that one entry stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Scheme, host and port of a page.
    One(String),
    /// Those with any one label between two texts, as in `https://*.preview.example.com`.
    AnyLabel { before: String, after: String },
}

/// Why a text can't stand in the list. The sentences are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    #[error(
        "`{0}` is not an origin: write scheme, host and, where it is not the default, port, as in \
         https://app.example.com; `https://*.preview.example.com` allows any one label"
    )]
    Form(String),
    #[error(
        "`{0}` has a wildcard where none can be: it stands for the whole first label, as in \
         https://*.preview.example.com, and for no more than one"
    )]
    Wildcard(String),
    #[error("`{0}` would allow pages of strangers, because anyone can register a name under `{1}`: name your domain")]
    PublicSuffix(String, String),
    #[error("`{0}` can't be allowed: browsers send `Origin: null` for such pages, and any page can send that")]
    Opaque(String),
}

/// Schemes of pages whose origin browsers keep to themselves, and of things that are no pages.
const OPAQUE_SCHEMES: [&str; 7] = ["file", "data", "blob", "about", "javascript", "null", "filesystem"];
/// Schemes of the web whose URLs are not pages.
const OTHER_SCHEMES: [&str; 4] = ["ftp", "ws", "wss", "mailto"];

impl Origin {
    /// Reads an entry: an `http` or `https` origin, which may have one wildcard as its first label, or that of an app,
    /// such as `capacitor://localhost`. Never `*` or `null`. A final slash, capital letters in the host and a default
    /// port are taken as what they mean.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| Self::without_scheme(text))?;
        if text.contains('*') {
            return Self::with_wildcard(text, scheme, rest);
        }
        match scheme {
            "http" | "https" => web_origin(text)
                .map(Self::One)
                .ok_or(InvalidOrigin::Form(text.to_owned())),
            _ if OPAQUE_SCHEMES.contains(&scheme) => Err(InvalidOrigin::Opaque(text.to_owned())),
            _ => app_origin(scheme, rest)
                .map(Self::One)
                .ok_or(InvalidOrigin::Form(text.to_owned())),
        }
    }

    /// The origin of `url`.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        Self::One(url.origin().ascii_serialization())
    }

    /// Whether this is the origin in an `Origin` header.
    #[must_use]
    pub fn matches(&self, header: &str) -> bool {
        match self {
            Self::One(origin) => origin == header,
            Self::AnyLabel { before, after } => {
                let label = header
                    .strip_prefix(before.as_str())
                    .and_then(|rest| rest.strip_suffix(after.as_str()));
                label.is_some_and(is_label)
            }
        }
    }

    fn without_scheme(text: &str) -> InvalidOrigin {
        let scheme = text.split(':').next().unwrap_or_default();
        if OPAQUE_SCHEMES.contains(&scheme) {
            InvalidOrigin::Opaque(text.to_owned())
        } else {
            InvalidOrigin::Form(text.to_owned())
        }
    }

    fn with_wildcard(text: &str, scheme: &str, rest: &str) -> Result<Self, InvalidOrigin> {
        let wildcard = || InvalidOrigin::Wildcard(text.to_owned());
        let domain = rest
            .strip_prefix("*.")
            .filter(|domain| !domain.contains('*'))
            .ok_or_else(wildcard)?;
        let parent = web_origin(&format!("{scheme}://{domain}")).ok_or_else(|| InvalidOrigin::Form(text.to_owned()))?;
        let host = Url::parse(&parent).ok().and_then(|url| match url.host() {
            Some(Host::Domain(host)) => Some(host.to_owned()),
            _ => None,
        });
        let host = host.ok_or_else(wildcard)?;
        // Every name below `localhost` is this machine's.
        if host != "localhost" && is_public_suffix(&host) {
            return Err(InvalidOrigin::PublicSuffix(text.to_owned(), host));
        }
        let (scheme, after) = parent.split_once("://").ok_or_else(wildcard)?;
        Ok(Self::AnyLabel {
            before: format!("{scheme}://"),
            after: format!(".{after}"),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(origin) => f.write_str(origin),
            Self::AnyLabel { before, after } => write!(f, "{before}*{after}"),
        }
    }
}

/// The origin of an `http` or `https` URL without anything after its host and port.
fn web_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    // The parser forgives backslashes, more slashes, and a user without a name, which an operator does not mean.
    let is_plain = !text.contains(['\\', '@']) && !text.contains(":///");
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_web && is_bare && is_plain).then(|| url.origin().ascii_serialization())
}

/// The origin of pages inside an app, which the web view makes from a scheme of its own.
fn app_origin(scheme: &str, rest: &str) -> Option<String> {
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.split_once(':').unwrap_or((rest, "1"));
    let is_host = !host.is_empty() && host.split('.').all(is_label);
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (is_scheme && !OTHER_SCHEMES.contains(&scheme) && is_host && is_port).then(|| format!("{scheme}://{rest}"))
}

/// One label of a host, as browsers write it.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_taken_as_what_they_mean() {
        for (text, origin) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://app.example.com/", "https://app.example.com"),
            ("https://App.Example.com", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("https://app.example.com:8443", "https://app.example.com:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://app.localhost:3000", "http://app.localhost:3000"),
            ("http://192.168.1.5:3000", "http://192.168.1.5:3000"),
            ("http://[fd00::1]:3000", "http://[fd00::1]:3000"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("tauri://localhost", "tauri://localhost"),
            ("tauri://localhost/", "tauri://localhost"),
            (
                "chrome-extension://abcdefghijklmnop",
                "chrome-extension://abcdefghijklmnop",
            ),
        ] {
            assert_eq!(Origin::parse(text), Ok(Origin::One(origin.to_owned())), "{text}");
            assert!(Origin::parse(text).unwrap().matches(origin));
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let form = |text: &str| InvalidOrigin::Form(text.to_owned());
        for text in [
            "",
            "app.example.com",
            "localhost:3000",
            "https://",
            "https://app.example.com/path",
            "https://app.example.com//",
            "https://app.example.com?x",
            "https://app.example.com#x",
            "https://user@app.example.com",
            "https://app example.com",
            "https://app.example.com\\",
            "https:///app.example.com",
            "ftp://example.com",
            "capacitor://",
            "capacitor://localhost/path",
            "capacitor://localhost:x",
            "Capacitor://localhost",
        ] {
            assert_eq!(Origin::parse(text), Err(form(text)), "{text}");
        }
        for text in ["null", "file:///tmp", "file://", "data:text/html,x"] {
            assert_eq!(
                Origin::parse(text),
                Err(InvalidOrigin::Opaque(text.to_owned())),
                "{text}"
            );
        }
        for text in [
            "https://*",
            "https://*/",
            "https://app.*.example.com",
            "https://app-*.example.com",
            "https://*-app.example.com",
            "https://*.*.example.com",
            "https://**.example.com",
            "https://example.*",
            "http://*.192.168.1.5",
        ] {
            assert_eq!(
                Origin::parse(text),
                Err(InvalidOrigin::Wildcard(text.to_owned())),
                "{text}"
            );
        }
        for text in ["*", "https://*.example.com/path", "capacitor://*.localhost"] {
            assert_eq!(Origin::parse(text), Err(form(text)), "{text}");
        }
        for (text, suffix) in [
            ("https://*.com", "com"),
            ("https://*.co.uk", "co.uk"),
            ("https://*.fly.dev:8443", "fly.dev"),
        ] {
            let expected = InvalidOrigin::PublicSuffix(text.to_owned(), suffix.to_owned());
            assert_eq!(Origin::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let previews = Origin::parse("https://*.preview.example.com/").unwrap();
        for origin in [
            "https://pr-7.preview.example.com",
            "https://a.preview.example.com",
            "https://x_y.preview.example.com",
        ] {
            assert!(previews.matches(origin), "{origin}");
        }
        for origin in [
            "https://preview.example.com",
            "https://.preview.example.com",
            "https://a.b.preview.example.com",
            "http://a.preview.example.com",
            "https://a.preview.example.com:8443",
            "https://a.preview.example.com/",
            "https://A.preview.example.com",
            "https://apreview.example.com",
            "https://evil.example/.preview.example.com",
            "https://evil.example?.preview.example.com",
            "https://evil.example#.preview.example.com",
            "https://a@b.preview.example.com",
            "https://a:1.preview.example.com",
            "https://a.preview.example.com.evil.example",
            "https://*.preview.example.com",
            "https://é.preview.example.com",
        ] {
            assert!(!previews.matches(origin), "{origin}");
        }
        assert!(!previews.matches(&format!("https://{}.preview.example.com", "a".repeat(64))));
        let local = Origin::parse("http://*.localhost:3000").unwrap();
        assert!(local.matches("http://app.localhost:3000") && !local.matches("http://app.localhost:3001"));
    }
}
