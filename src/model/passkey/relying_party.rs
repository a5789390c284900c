//! The relying party: the domain that passkeys belong to, and the pages that may use them.

use url::{Host, Url};

use crate::model::client::origin::{AllowedOrigins, Origin};
use crate::model::public_suffix::is_public_suffix;

/// The domain that passkeys are made for. Browsers let pages of it and of the domains below use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpId(String);

/// Why passkeys can't belong to this domain. The sentences are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRpId {
    #[error("`{0}` is not a domain in the form that browsers use: write it without scheme, port or slash")]
    Form(String),
    #[error("`{0}` is an IP address, for which browsers make no passkeys: use a domain, or localhost")]
    Address(String),
    #[error("anyone can register a name under `{0}`, so browsers make no passkeys for it: name your own domain")]
    PublicSuffix(String),
    #[error(
        "no page could use passkeys of `{0}`: neither the public URL nor an allowed origin is on that domain or below \
         it"
    )]
    NoPage(String),
}

impl RpId {
    /// Reads a domain.
    pub fn parse(text: &str) -> Result<Self, InvalidRpId> {
        match Host::parse(text) {
            Ok(Host::Domain(domain)) if domain == text && !domain.ends_with('.') => {
                // Every name at and below `localhost` is this machine's.
                if domain != "localhost" && is_public_suffix(&domain) {
                    return Err(InvalidRpId::PublicSuffix(domain));
                }
                Ok(Self(domain))
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => Err(InvalidRpId::Address(text.to_owned())),
            _ => Err(InvalidRpId::Form(text.to_owned())),
        }
    }

    /// The host of `public_url`; `None` if browsers would make no passkeys for it.
    #[must_use]
    pub fn of(public_url: &Url) -> Option<Self> {
        public_url.host_str().and_then(|host| Self::parse(host).ok())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `host` is this domain or below it. The dot counts: `evil-example.com` is not below `example.com`.
    fn covers(&self, host: &str) -> bool {
        host.strip_suffix(&self.0)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

/// The service as a relying party.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    pub id: RpId,
    /// What authenticators show beside the domain.
    pub name: String,
    origins: AllowedOrigins,
    /// Pages on other domains that may use the passkeys.
    related: Vec<String>,
}

impl RelyingParty {
    /// A relying party whose passkeys work on the allowed `origins` at and below `id`, and on the `related` ones.
    #[must_use]
    pub fn new(id: RpId, name: String, origins: AllowedOrigins, related: Vec<String>) -> Self {
        Self {
            id,
            name,
            origins,
            related,
        }
    }

    /// Whether a page of this origin may use the passkeys.
    #[must_use]
    pub fn accepts(&self, origin: &str) -> bool {
        let is_below = || host(origin).is_some_and(|host| self.id.covers(&host));
        (self.origins.contains(origin) && is_below()) || self.related.iter().any(|related| related == origin)
    }

    /// The pages on other domains, which browsers read at `/.well-known/webauthn`.
    #[must_use]
    pub fn related(&self) -> &[String] {
        &self.related
    }
}

/// Checks that some page can use the passkeys of `id`: the public URL or one of the allowed origins.
///
/// # Errors
/// [`InvalidRpId::NoPage`].
pub fn require_a_page(id: &RpId, public_url: &Url, allowed: &[Origin]) -> Result<(), InvalidRpId> {
    let own = public_url.host_str().is_some_and(|host| id.covers(host));
    let covers = |origin: &Origin| match origin {
        Origin::One(text) => host(text).is_some_and(|host| id.covers(&host)),
        Origin::AnyLabel { before, after } => host(&format!("{before}a{after}")).is_some_and(|host| id.covers(&host)),
    };
    if own || allowed.iter().any(covers) {
        Ok(())
    } else {
        Err(InvalidRpId::NoPage(id.0.clone()))
    }
}

fn host(origin: &str) -> Option<String> {
    let url = Url::parse(origin).ok()?;
    match url.host()? {
        Host::Domain(domain) => Some(domain.to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn relying_party(id: &str, public_url: &str, listed: &[&str], related: &[&str]) -> RelyingParty {
        let listed = listed.iter().map(|text| Origin::parse(text).unwrap()).collect();
        let origins = AllowedOrigins::new(&Url::parse(public_url).unwrap(), listed);
        let related = related.iter().map(|text| (*text).to_owned()).collect();
        RelyingParty::new(RpId::parse(id).unwrap(), "Example".to_owned(), origins, related)
    }

    /// The relying party of WebAuthn's test vectors.
    pub fn example() -> RelyingParty {
        relying_party("example.org", "https://example.org", &[], &[])
    }

    #[test]
    fn only_allowed_origins_at_and_below_the_rp_id_are_accepted() {
        let listed = [
            "https://app.example.com",
            "https://*.preview.example.com",
            "https://evil-example.com",
            "https://elsewhere.example",
        ];
        let party = relying_party("example.com", "https://auth.example.com", &listed, &[]);
        for page in [
            "https://auth.example.com",
            "https://app.example.com",
            "https://a.preview.example.com",
        ] {
            assert!(party.accepts(page), "{page}");
        }
        for page in [
            "https://evil-example.com",
            "https://elsewhere.example",
            "https://example.com",
            "https://other.example.com",
            "https://app.example.com:8443",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "null",
            "",
        ] {
            assert!(!party.accepts(page), "{page}");
        }
    }

    #[test]
    fn a_related_origin_is_accepted_word_for_word() {
        let party = relying_party("example.com", "https://example.com", &[], &["https://example.org"]);
        assert!(party.accepts("https://example.org"));
        assert!(!party.accepts("https://a.example.org") && !party.accepts("http://example.org"));
    }

    #[test]
    fn in_development_pages_on_localhost_are_accepted_and_addresses_are_not() {
        let party = relying_party("localhost", "http://localhost:8080", &[], &[]);
        for page in [
            "http://localhost:8080",
            "http://localhost:3000",
            "http://app.localhost:3000",
        ] {
            assert!(party.accepts(page), "{page}");
        }
        for page in [
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "https://localhost.evil.example",
        ] {
            assert!(!party.accepts(page), "{page}");
        }
    }

    #[test]
    fn an_address_a_public_suffix_and_what_is_no_domain_are_refused() {
        for text in [
            "example.com",
            "auth.example.co.uk",
            "my-app.fly.dev",
            "localhost",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(RpId::parse(text).unwrap().as_str(), text);
        }
        for text in ["127.0.0.1", "[::1]", "10.1", "0x7f000001"] {
            assert_eq!(RpId::parse(text), Err(InvalidRpId::Address(text.to_owned())));
        }
        for text in ["com", "co.uk", "fly.dev", "github.io", "intranet"] {
            assert_eq!(RpId::parse(text), Err(InvalidRpId::PublicSuffix(text.to_owned())));
        }
        for text in [
            "",
            "https://example.com",
            "example.com/",
            "example.com:443",
            "Example.com",
            "a b",
            "example.com.",
        ] {
            assert_eq!(RpId::parse(text), Err(InvalidRpId::Form(text.to_owned())), "{text}");
        }
        let of = |url: &str| RpId::of(&Url::parse(url).unwrap());
        assert_eq!(
            of("https://auth.example.com:8443").unwrap().as_str(),
            "auth.example.com"
        );
        assert_eq!(of("http://127.0.0.1:8080"), None);
    }

    #[test]
    fn an_rp_id_that_no_page_could_use_is_refused() {
        let check = |id: &str, public_url: &str, listed: &[&str]| {
            let listed: Vec<_> = listed.iter().map(|text| Origin::parse(text).unwrap()).collect();
            require_a_page(&RpId::parse(id).unwrap(), &Url::parse(public_url).unwrap(), &listed)
        };
        assert!(check("example.com", "https://auth.example.com", &[]).is_ok());
        assert!(check("example.com", "https://auth.example.org", &["https://app.example.com"]).is_ok());
        assert!(check("example.com", "https://auth.example.org", &["https://*.example.com"]).is_ok());
        let no_page = Err(InvalidRpId::NoPage("api.example.com".to_owned()));
        assert_eq!(
            check("api.example.com", "https://app.example.com", &["https://example.com"]),
            no_page
        );
    }
}
