//! Passkeys: the domain that they belong to, and the pages that may use them.

use anyhow::Context;
use clap::Args;
use url::Url;

use super::values::{List, all, list};
use crate::app::passkeys::PasskeySetup;
use crate::model::client::origin::{AllowedOrigins, Origin};
use crate::model::passkey::relying_party::{RelyingParty, RpId, require_a_page};

#[derive(Debug, Args)]
#[command(next_help_heading = "Passkeys")]
pub struct PasskeySettings {
    /// Domain that passkeys belong to: pages of it and of the domains below can use them; a later change makes every
    /// passkey useless [default: the host of `PUBLIC_URL`]
    #[arg(id = "rp_id", long = "rp-id", env = "NEPTUN_AUTH_RP_ID", value_parser = RpId::parse, global = true)]
    id: Option<RpId>,
    /// Name of your application, which authenticators show [default: the domain that passkeys belong to]
    #[arg(id = "rp_name", long = "rp-name", env = "NEPTUN_AUTH_RP_NAME", value_parser = rp_name, global = true)]
    name: Option<String>,
    /// Origins on other domains whose pages may use the passkeys too, separated by commas; browsers read them at
    /// /.well-known/webauthn; list them in `ALLOWED_ORIGINS` as well [default: none]
    #[arg(
        id = "rp_related_origins",
        long = "rp-related-origins",
        env = "NEPTUN_AUTH_RP_RELATED_ORIGINS",
        value_parser = related,
        global = true
    )]
    related_origins: Vec<List<String>>,
}

/// Authenticators cut longer names off, or show none.
const MAX_NAME: usize = 64;

fn rp_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let is_printable = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    is_printable
        .then(|| name.to_owned())
        .ok_or_else(|| format!("write a name of at most {MAX_NAME} characters"))
}

/// Browsers accept related origins with https only, and without wildcards.
fn related(text: &str) -> Result<List<String>, String> {
    list(text, |origin| match Origin::parse(origin) {
        Ok(Origin::One(text)) if text.starts_with("https://") => Ok(text),
        _ => Err(format!(
            "`{origin}` is not an https origin, as in https://app.example.com"
        )),
    })
}

impl PasskeySettings {
    /// Whether the domain is set.
    #[must_use]
    pub fn names_domain(&self) -> bool {
        self.id.is_some()
    }

    /// The settings of a service that browsers reach at `public_url`, and that pages of `allowed` origins may call.
    ///
    /// # Errors
    /// When the domain is one that no page could use. Without that setting the service starts in any case: a public URL
    /// with an IP address, say, has no passkeys.
    pub fn setup(&self, public_url: &Url, allowed: Vec<Origin>) -> anyhow::Result<PasskeySetup> {
        if let Some(id) = &self.id {
            require_a_page(id, public_url, &allowed).context("RP_ID")?;
        }
        let id = self.id.clone().or_else(|| RpId::of(public_url));
        let party = |id: RpId| {
            let name = self.name.clone().unwrap_or_else(|| id.as_str().to_owned());
            let origins = AllowedOrigins::new(public_url, allowed);
            RelyingParty::new(id, name, origins, all(&self.related_origins))
        };
        Ok(PasskeySetup {
            relying_party: id.map(party),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_related_origins_are_read_as_authenticators_and_browsers_want_them() {
        assert_eq!(rp_name(" Example ").unwrap(), "Example");
        for text in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(rp_name(text).is_err(), "{text}");
        }
        let origins = related("https://a.example.org, https://b.example.org:8443").unwrap().0;
        assert_eq!(origins, ["https://a.example.org", "https://b.example.org:8443"]);
        for text in [
            "http://a.example.org",
            "https://*.example.org",
            "example.org",
            "capacitor://localhost",
        ] {
            assert!(related(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_public_urls_host_is_the_default_and_an_address_has_no_passkeys() {
        let settings = PasskeySettings {
            id: None,
            name: None,
            related_origins: Vec::new(),
        };
        let setup = |url: &str| settings.setup(&Url::parse(url).unwrap(), Vec::new()).unwrap();
        let party = setup("https://auth.example.com").relying_party.unwrap();
        assert_eq!(
            (party.id.as_str(), party.name.as_str()),
            ("auth.example.com", "auth.example.com")
        );
        assert!(setup("http://127.0.0.1:8080").relying_party.is_none());

        let elsewhere = PasskeySettings {
            id: Some(RpId::parse("example.org").unwrap()),
            ..settings
        };
        let refused = elsewhere.setup(&Url::parse("https://auth.example.com").unwrap(), Vec::new());
        assert!(format!("{:#}", refused.unwrap_err()).contains("no page could use passkeys of `example.org`"));
    }
}
