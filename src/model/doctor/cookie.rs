//! What a browser does with the session cookie when a page calls the service.
//!
//! The rules are those of RFC 6265bis as Chromium follows them; `tests/browser/doctor.test.js` compares each of them
//! with a real one. Ports play no part: a cookie belongs to a host, and a site to a scheme and a registrable domain.

use url::{Host, Url};

use crate::model::client::origin::is_loopback;
use crate::model::cookie::{Attributes, SameSite};
use crate::model::public_suffix::{is_public_suffix, registrable};

/// What becomes of the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Kept, and sent with every request of the page.
    Kept,
    /// Chromium and Firefox keep a `Secure` cookie that this machine sent by http; Safari does not.
    KeptByMost,
    /// A third-party cookie: it depends on the browser and its settings.
    ThirdParty,
    Dropped(Reason),
}

/// Why no browser keeps the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A page that came by https may not call by http.
    MixedContent,
    /// `Secure`, and the service is called by http.
    NotEncrypted,
    /// The cookie names a domain that the service's host is not in.
    ForeignDomain,
    /// One of page and service uses http and the other one https, which makes two sites of one domain.
    OtherScheme,
    OtherSite,
}

/// What a browser does with a cookie of these attributes when `page` calls `service`. Both have http or https.
#[must_use]
pub fn fate(page: &Url, service: &Url, cookie: Attributes) -> Fate {
    let is_encrypted = service.scheme() == "https";
    if page.scheme() == "https" && !is_encrypted && !is_loopback(service) {
        return Fate::Dropped(Reason::MixedContent);
    }
    if cookie.secure && !is_encrypted && !is_loopback(service) {
        return Fate::Dropped(Reason::NotEncrypted);
    }
    if cookie.domain.is_some_and(|domain| !may_name(service, domain)) {
        return Fate::Dropped(Reason::ForeignDomain);
    }
    match () {
        () if is_same_site(page, service) && cookie.secure && !is_encrypted => Fate::KeptByMost,
        () if is_same_site(page, service) => Fate::Kept,
        () if cookie.same_site == SameSite::None => Fate::ThirdParty,
        () if have_same_domain(page, service) => Fate::Dropped(Reason::OtherScheme),
        () => Fate::Dropped(Reason::OtherSite),
    }
}

/// Whether the two belong to one site: the same scheme, and the same registrable domain or host.
#[must_use]
pub fn is_same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && have_same_domain(one, other)
}

/// Whether the two hosts are one, or have one registrable domain. Addresses and public suffixes have none.
fn have_same_domain(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str() || domain(one).is_some_and(|one| domain(other) == Some(one))
}

/// The registrable domain of a URL's host.
#[must_use]
pub fn domain(url: &Url) -> Option<&str> {
    match url.host()? {
        Host::Domain(host) => registrable(host),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// Whether a host may set a cookie for `domain`, so that other hosts of that domain get it too.
fn may_name(url: &Url, domain: &str) -> bool {
    url.host_str() == Some(domain)
        || (url.domain().is_some_and(|host| is_below(host, domain)) && !is_public_suffix(domain))
}

/// Whether a cookie for `domain` also goes to this host.
#[must_use]
pub fn covers(domain: &str, url: &Url) -> bool {
    url.domain()
        .is_some_and(|host| host == domain || is_below(host, domain))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use Fate::{Dropped, Kept, KeptByMost, ThirdParty};
    use Reason::{ForeignDomain, MixedContent, NotEncrypted, OtherScheme, OtherSite};
    use SameSite::{Lax, None, Strict};

    use super::*;

    #[track_caller]
    fn assert_fates(secure: bool, domain: Option<&str>, rows: &[(&str, &str, SameSite, Fate)]) {
        for (page, service, same_site, expected) in rows {
            let cookie = Attributes {
                same_site: *same_site,
                secure,
                domain,
            };
            let fate = fate(&Url::parse(page).unwrap(), &Url::parse(service).unwrap(), cookie);
            assert_eq!(fate, *expected, "{page} calls {service}, {same_site:?}");
        }
    }

    #[test]
    fn a_site_is_a_scheme_and_a_registrable_domain() {
        let service = "https://auth.example.com";
        assert_fates(
            true,
            Option::None,
            &[
                ("https://auth.example.com", service, Strict, Kept),
                ("https://app.example.com", service, Strict, Kept),
                ("https://example.com:8443", service, Lax, Kept),
                ("http://app.example.com", service, Lax, Dropped(OtherScheme)),
                ("http://app.example.com", service, None, ThirdParty),
                ("https://app.example.org", service, Lax, Dropped(OtherSite)),
                ("https://app.example.org", service, Strict, Dropped(OtherSite)),
                ("https://app.example.org", service, None, ThirdParty),
                ("https://badexample.com", service, Lax, Dropped(OtherSite)),
                ("http://localhost:3000", service, Lax, Dropped(OtherSite)),
                ("https://127.0.0.1:3000", service, Lax, Dropped(OtherSite)),
                // Names under a public suffix belong to different owners.
                ("https://app.fly.dev", "https://auth.fly.dev", Lax, Dropped(OtherSite)),
                ("https://app.fly.dev", "https://auth.fly.dev", None, ThirdParty),
                ("https://b.my.fly.dev", "https://a.my.fly.dev", Lax, Kept),
                ("https://fly.dev", "https://fly.dev", Lax, Kept),
                ("https://a.co.uk", "https://b.co.uk", Lax, Dropped(OtherSite)),
                // An address has no domain.
                ("https://192.168.1.5:3000", "https://192.168.1.5", Lax, Kept),
                ("https://192.168.1.6", "https://192.168.1.5", Lax, Dropped(OtherSite)),
                ("https://[fd00::1]:3000", "https://[fd00::1]", Lax, Kept),
            ],
        );
    }

    #[test]
    fn names_of_this_machine_are_different_sites() {
        let service = "http://localhost:8080";
        assert_fates(
            false,
            Option::None,
            &[
                ("http://localhost:3000", service, Lax, Kept),
                ("https://localhost:3000", service, Lax, Dropped(OtherScheme)),
                ("http://127.0.0.1:3000", service, Lax, Dropped(OtherSite)),
                (
                    "http://localhost:3000",
                    "http://127.0.0.1:8080",
                    Lax,
                    Dropped(OtherSite),
                ),
                ("http://[::1]:3000", service, Lax, Dropped(OtherSite)),
                ("http://app.localhost:3000", service, Lax, Dropped(OtherSite)),
                ("http://app.localhost", "http://auth.localhost", Lax, Dropped(OtherSite)),
                ("http://b.app.localhost", "http://a.app.localhost", Lax, Kept),
                // No mixed content, because what stays on this machine needs no encryption.
                ("https://app.example.com", service, Lax, Dropped(OtherSite)),
            ],
        );
    }

    #[test]
    fn secure_needs_https_and_a_page_by_https_may_not_call_by_http() {
        let service = "http://auth.example.com";
        assert_fates(
            true,
            Option::None,
            &[
                ("http://auth.example.com", service, Lax, Dropped(NotEncrypted)),
                ("http://app.example.com", service, None, Dropped(NotEncrypted)),
                ("https://app.example.com", service, Lax, Dropped(MixedContent)),
                ("http://localhost:8080", "http://localhost:8080", Lax, KeptByMost),
                ("http://127.0.0.1:8080", "http://127.0.0.1:8080", Lax, KeptByMost),
                ("http://192.168.1.5", "http://192.168.1.5", Lax, Dropped(NotEncrypted)),
            ],
        );
    }

    #[test]
    fn a_cookie_names_its_own_host_or_a_domain_above_that_has_one_owner() {
        let page = "https://app.example.com";
        for (service, domain, expected) in [
            ("https://auth.example.com", "example.com", Kept),
            ("https://auth.example.com", "auth.example.com", Kept),
            ("https://auth.example.com", "app.example.com", Dropped(ForeignDomain)),
            ("https://auth.example.com", "ample.com", Dropped(ForeignDomain)),
            ("https://auth.example.com", "com", Dropped(ForeignDomain)),
            ("https://auth.example.com", "example.org", Dropped(ForeignDomain)),
            ("https://127.0.0.1", "0.0.1", Dropped(ForeignDomain)),
        ] {
            assert_fates(true, Some(domain), &[(page, service, Lax, expected)]);
        }
        let own = "https://auth.fly.dev";
        assert_fates(true, Some("fly.dev"), &[(own, own, Lax, Dropped(ForeignDomain))]);
        let suffix = "https://fly.dev";
        assert_fates(true, Some("fly.dev"), &[(suffix, suffix, Lax, Kept)]);
        let url = |text: &str| Url::parse(text).unwrap();
        assert!(covers("example.com", &url("https://app.example.com")));
        assert!(covers("example.com", &url("https://example.com")));
        assert!(!covers("example.com", &url("https://badexample.com")));
    }
}
