//! Whether a front end can use the service from a browser: the cookie, the allowed origins, the host that gets the
//! cookie.

use url::Url;

use super::Finding;
use super::cookie::{Fate, Reason, covers, domain, fate, is_same_site};
use crate::model::client::origin::{AllowedOrigins, is_loopback};
use crate::model::cookie::{Attributes, SameSite};

/// A page that calls the service, and the settings that matter for it.
#[derive(Debug, Clone, Copy)]
pub struct FrontEnd<'a> {
    pub page: &'a Url,
    /// The address that the page calls.
    pub service: &'a Url,
    pub public_url: &'a Url,
    pub cookie: Attributes<'a>,
    pub origins: &'a AllowedOrigins,
    /// The setting `ALLOWED_ORIGINS`, as a text.
    pub listed: &'a str,
}

const PUBLIC_URL: &str = "PUBLIC_URL";
const SAME_SITE: &str = "COOKIE_SAME_SITE";

impl FrontEnd<'_> {
    /// Everything about this page.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        if !matches!(self.page.scheme(), "http" | "https") {
            return self.of_app();
        }
        let mut findings = vec![self.cookie(), self.origin()];
        findings.extend(self.arrivals());
        findings.extend(self.own_server());
        findings
    }

    /// A page inside an app, or a file.
    fn of_app(&self) -> Vec<Finding> {
        let page = self.page;
        let says = format!(
            "{page} is no web page: browsers hide its origin or keep no cookie for it; use the bearer tokens of \
             /api/token/, or serve the page by http"
        );
        vec![Finding::fail("front-end.origin", says).with(page.as_str())]
    }

    /// Whether a browser keeps the cookie.
    fn cookie(&self) -> Finding {
        let (page, service) = (origin(self.page), origin(self.service));
        match fate(self.page, self.service, self.cookie) {
            Fate::Kept => {
                let says = format!("a browser keeps the cookie of {service} and sends it when {page} calls");
                Finding::ok("front-end.cookie", says)
            }
            Fate::KeptByMost => {
                let says = format!(
                    "PUBLIC_URL is https, so the cookie is Secure, but the page calls {service}: Chromium and Firefox \
                     keep it because that is this machine, Safari drops it; call the service by https"
                );
                self.of_public_url(Finding::warn("front-end.cookie", says))
            }
            Fate::ThirdParty => {
                let says = format!(
                    "{page} and {service} are different sites, so this is a third-party cookie: Safari, Firefox, Brave \
                     and private windows of Chrome drop it or keep it apart; {}",
                    self.one_site()
                );
                self.of_public_url(Finding::warn("front-end.cookie", says))
            }
            Fate::Dropped(reason) => self.dropped(reason, &page, &service),
        }
    }

    fn dropped(&self, reason: Reason, page: &str, service: &str) -> Finding {
        let fail = |says: String| Finding::fail("front-end.cookie", says);
        match reason {
            Reason::MixedContent => self.of_public_url(fail(format!(
                "browsers block the call: {page} came by https and may not call {service} by http; put a proxy with \
                 TLS in front of the service"
            ))),
            Reason::NotEncrypted => self.of_public_url(fail(format!(
                "browsers drop the cookie: PUBLIC_URL is https, so it is Secure, but the page calls {service}; let it \
                 call the service by https, and redirect http to https"
            ))),
            Reason::ForeignDomain => fail(format!(
                "browsers drop the cookie: it is for a domain that {service} may not set cookies for; the domain must \
                 be its host or one above it that belongs to one owner"
            ))
            .of("COOKIE_DOMAIN", self.cookie.domain.unwrap_or_default()),
            Reason::OtherScheme => self.of_public_url(fail(format!(
                "browsers drop the cookie: {page} and {service} have different schemes, which makes them different \
                 sites; serve both by the same one"
            ))),
            Reason::OtherSite => fail(format!(
                "browsers drop the cookie: {page} and {service} are different sites{}; {}",
                self.why_different(),
                self.one_site()
            ))
            .of(SAME_SITE, name(self.cookie.same_site)),
        }
    }

    /// What tells two sites apart that look like one.
    fn why_different(&self) -> String {
        if is_loopback(self.page) && is_loopback(self.service) {
            return ", although both names are this machine".to_owned();
        }
        let parent = |url: &Url| Some(url.domain()?.split_once('.')?.1.to_owned());
        match (parent(self.page), parent(self.service)) {
            (Some(page), Some(service)) if page == service => {
                format!(", because anyone can have a name under `{page}`")
            }
            _ => String::new(),
        }
    }

    /// How the page and the service become one site.
    fn one_site(&self) -> String {
        if is_loopback(self.page) && is_loopback(self.service) {
            let host = self.service.host_str().unwrap_or_default();
            return format!("open the page at {host} too");
        }
        match domain(self.page).filter(|_| !is_loopback(self.page)) {
            Some(domain) => format!(
                "give the service a name under `{domain}`, or let the page's own server pass /api on to it with \
                 PUBLIC_URL set to the page's address"
            ),
            None => {
                "let the page's own server pass /api on to it, with PUBLIC_URL set to the page's address".to_owned()
            }
        }
    }

    /// Whether the service answers the page.
    fn origin(&self) -> Finding {
        let page = origin(self.page);
        if self.origins.contains(&page) {
            let says = format!("the service answers pages of {page}");
            return Finding::ok("front-end.origin", says).of("ALLOWED_ORIGINS", self.listed);
        }
        if page == origin(self.service) {
            let says = format!(
                "the page calls its own address, and browsers then send `Origin: {page}`, but PUBLIC_URL is another \
                 one: the service answers 403 origin_not_allowed to a log-in; set PUBLIC_URL to {page}"
            );
            return self.of_public_url(Finding::fail("front-end.origin", says));
        }
        let says = format!(
            "the service rejects pages of {page}: browsers show a CORS error, and a log-in is answered with 403 \
             origin_not_allowed; add {page} to the list"
        );
        Finding::fail("front-end.origin", says).of("ALLOWED_ORIGINS", self.listed)
    }

    /// Browsers that come from a link elsewhere.
    fn arrivals(&self) -> Option<Finding> {
        let says = "a browser that follows a link from another site, such as a mail or a provider's log-in page, \
            arrives without the cookie and looks signed out until the next click; `lax` sends it"
            .to_owned();
        (self.cookie.same_site == SameSite::Strict)
            .then(|| Finding::warn("front-end.links", says).of(SAME_SITE, name(SameSite::Strict)))
    }

    /// Whether the server behind the page gets the cookie, which server-side rendering needs.
    fn own_server(&self) -> Option<Finding> {
        let id = "front-end.own-server";
        if self.page.host_str() == self.service.host_str() || !is_same_site(self.page, self.service) {
            return None;
        }
        let page = origin(self.page);
        let is_covered = self.cookie.domain.is_some_and(|domain| covers(domain, self.page));
        let shared = domain(self.page).unwrap_or_default();
        Some(if is_covered {
            let says = format!("requests to {page} itself carry the cookie too, because it is for the whole domain");
            Finding::ok(id, says).of("COOKIE_DOMAIN", self.cookie.domain.unwrap_or_default())
        } else {
            let says = format!(
                "requests to {page} itself don't carry the cookie: if its own server has to know who is signed in, \
                 set COOKIE_DOMAIN to `{shared}`"
            );
            Finding::ok(id, says).about("COOKIE_DOMAIN")
        })
    }

    fn of_public_url(&self, finding: Finding) -> Finding {
        finding.of(PUBLIC_URL, origin(self.public_url))
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn name(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    }
}
