//! The session cookie: its name, its attributes, and how it is read from a request.

use chrono::{DateTime, TimeDelta, Utc};
use url::{Host, Url};

use super::secret::SessionSecret;
use crate::model::cookie::{Attributes, REMOVED, SameSite, find, lifetime};
use crate::model::device::cookie::DeviceCookie;
use crate::model::identity::cookie::CeremonyCookie;
use crate::model::mail::browser::BrowserCookie;
use crate::model::public_suffix::{is_public_suffix, registrable};

const HOST_PREFIX: &str = "__Host-";
const SECURE: &str = "; Secure";

/// Everything about the cookie but its value. It exists only in combinations that browsers keep.
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
    same_site: SameSite,
    /// Everything but the domain and the lifetime.
    attributes: String,
    domain: Option<String>,
    /// The host of the public URL, where a cookie can name it as its domain.
    host: Option<String>,
    device: DeviceCookie,
    browser: BrowserCookie,
    ceremony: CeremonyCookie,
}

/// Cookies that other settings have left in a browser: of the same name for another domain, or of the same name with or
/// without `__Host-`. The service reads none of the second kind; a log-in or a log-out ends and removes both.
#[derive(Debug, Clone, Default)]
pub struct Leftovers {
    /// The secrets in cookies of the other name.
    pub secrets: Vec<SessionSecret>,
    /// The `Set-Cookie` values that remove the leftovers.
    pub removals: Vec<String>,
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
    #[error("COOKIE_NAME `{0}` is the name of another cookie of the service; choose another")]
    OtherCookie(String),
    #[error("COOKIE_SAME_SITE `none` needs an https PUBLIC_URL: browsers drop such cookies without Secure")]
    NoneWithoutHttps,
    #[error(
        "COOKIE_DOMAIN `{domain}` is a public suffix: anyone can register a name under it, so browsers drop cookies \
         for all of it; choose `{instead}` or a domain below it"
    )]
    PublicSuffix { domain: String, instead: String },
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
        // An older form that means the same; browsers drop the dot too (RFC 6265, 5.2.3).
        let domain = domain.map(|domain| domain.strip_prefix('.').unwrap_or(domain));
        let name = match name {
            Some(name) => name.to_owned(),
            None if secure && domain.is_none() => format!("{HOST_PREFIX}{}", Self::DEFAULT_NAME),
            None => Self::DEFAULT_NAME.to_owned(),
        };
        check_name(&name, secure, domain)?;
        if same_site == SameSite::None && !secure {
            return Err(InvalidCookie::NoneWithoutHttps);
        }
        let mut attributes = format!("; HttpOnly; SameSite={same_site:?}; Path=/");
        if secure {
            attributes.push_str(SECURE);
        }
        if let Some(domain) = domain {
            check_domain(domain, public_url)?;
        }
        let device = DeviceCookie::new(secure, same_site);
        let browser = BrowserCookie::new(secure, same_site);
        let ceremony = CeremonyCookie::new(secure);
        if [device.name(), browser.name(), ceremony.name()].contains(&name.as_str()) {
            return Err(InvalidCookie::OtherCookie(name));
        }
        Ok(Self {
            name,
            same_site,
            attributes,
            domain: domain.map(str::to_owned),
            // Browsers take a name without a dot for no domain at all: its removal would remove the cookie itself.
            host: public_url.domain().filter(|host| host.contains('.')).map(str::to_owned),
            device,
            browser,
            ceremony,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The attributes that decide whether a browser keeps it.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes {
            same_site: self.same_site,
            secure: self.attributes.ends_with(SECURE),
            domain: self.domain.as_deref(),
        }
    }

    /// The name and every attribute but the lifetime, as `Set-Cookie` has them.
    #[must_use]
    pub fn described(&self) -> String {
        self.line(&self.name, "…", self.domain.as_deref(), "")
    }

    /// Whether browsers keep it from requests that another site caused, a provider's callback among them.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.same_site == SameSite::Strict
    }

    /// The device cookie, which stays when the session ends.
    #[must_use]
    pub fn device(&self) -> &DeviceCookie {
        &self.device
    }

    /// The cookie of a browser that has asked for a log-in code.
    #[must_use]
    pub fn browser(&self) -> &BrowserCookie {
        &self.browser
    }

    /// The cookie of a log-in with a provider, from its start to its callback.
    #[must_use]
    pub fn ceremony(&self) -> &CeremonyCookie {
        &self.ceremony
    }

    /// The `Set-Cookie` value that stores `secret` for `max_age` from `now`.
    #[must_use]
    pub fn keep(&self, secret: SessionSecret, max_age: TimeDelta, now: DateTime<Utc>) -> String {
        self.line(
            &self.name,
            &secret.reveal(),
            self.domain.as_deref(),
            &lifetime(max_age, now),
        )
    }

    /// The `Set-Cookie` value that removes the cookie. It repeats every attribute: browsers ignore it otherwise.
    #[must_use]
    pub fn remove(&self) -> String {
        self.removal(&self.name, self.domain.as_deref())
    }

    /// The different secrets in cookies of this exact name among raw `Cookie` headers, at most
    /// [`MOST_OF_ONE_NAME`](crate::model::cookie::MOST_OF_ONE_NAME). Names are not decoded, so `%5F%5FHost-…` is not
    /// ours. Several are an accident (`COOKIE_DOMAIN` was changed) or planted; only their sessions can tell.
    #[must_use]
    pub fn find<'h>(&self, headers: impl Iterator<Item = &'h [u8]>) -> Vec<SessionSecret> {
        secrets(&find(&self.name, headers))
    }

    /// What other settings have left among raw `Cookie` headers. A cookie does not tell for which domain it was set, so
    /// every other domain that only this service could have used is cleared. Domains above the host are left alone: a
    /// service at `example.com` may use the same name there, and its users would be signed out.
    #[must_use]
    pub fn leftovers(&self, headers: &[&[u8]]) -> Leftovers {
        let mut left = Leftovers::default();
        let find = |name: &str| find(name, headers.iter().copied());
        if !find(&self.name).is_empty() {
            let others = self.scopes(&self.name).filter(|scope| *scope != self.domain.as_deref());
            left.removals
                .extend(others.map(|scope| self.removal(&self.name, scope)));
        }
        let Some(former) = self.former_name() else {
            return left;
        };
        let values = find(&former);
        if !values.is_empty() {
            left.secrets = secrets(&values);
            left.removals
                .extend(self.scopes(&former).map(|scope| self.removal(&former, scope)));
        }
        left
    }

    /// The name that the same settings give with a domain if this one is for no domain, and the other way round.
    /// Without https there is one name only.
    fn former_name(&self) -> Option<String> {
        match self.name.strip_prefix(HOST_PREFIX) {
            Some(plain) => Some(plain.to_owned()),
            None if self.attributes.ends_with(SECURE) && !self.name.starts_with("__") => {
                Some(format!("{HOST_PREFIX}{}", self.name))
            }
            None => None,
        }
    }

    /// The domains for which this service may have set a cookie of that name; `None` for the host alone.
    fn scopes<'s>(&'s self, name: &str) -> impl Iterator<Item = Option<&'s str>> {
        let host = self.host.as_deref();
        let domain = self.domain.as_deref().filter(|domain| Some(*domain) != host);
        let shared = (!name.starts_with(HOST_PREFIX)).then(|| host.into_iter().chain(domain));
        std::iter::once(None).chain(shared.into_iter().flatten().map(Some))
    }

    fn removal(&self, name: &str, domain: Option<&str>) -> String {
        self.line(name, "", domain, REMOVED)
    }

    fn line(&self, name: &str, value: &str, domain: Option<&str>, lifetime: &str) -> String {
        let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        format!("{name}={value}{}{domain}{lifetime}", self.attributes)
    }
}

fn secrets(values: &[&[u8]]) -> Vec<SessionSecret> {
    let texts = values.iter().filter_map(|value| std::str::from_utf8(value).ok());
    texts.filter_map(|text| text.parse().ok()).collect()
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
    let foreign = || InvalidCookie::ForeignDomain(domain.to_owned());
    let Some(Host::Domain(host)) = public_url.host() else {
        return Err(foreign());
    };
    if host != domain && !(domain.contains('.') && host.ends_with(&format!(".{domain}"))) {
        return Err(foreign());
    }
    // Browsers may keep a cookie for a local name without a dot, which no registry hands out.
    if domain.contains('.') && is_public_suffix(domain) {
        return Err(InvalidCookie::PublicSuffix {
            domain: domain.to_owned(),
            instead: registrable(host).unwrap_or(host).to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
