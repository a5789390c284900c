//! What a provider is called, what kind it is, and when its word on an address counts.

use std::fmt;
use std::str::FromStr;

/// The name of a provider in our paths: `/auth/github`. It is part of the redirect URI that the provider knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(String);

/// Why a text is no [`ProviderId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProviderId {
    #[error(
        "`{0}` is not a name for a provider: use a letter, then letters, digits and `-`, in lower case, at most 32"
    )]
    Form(String),
    #[error("`{0}` can't name a provider: its path belongs to the service; choose another name")]
    Reserved(String),
}

impl ProviderId {
    const LONGEST: usize = 32;
    /// `/auth/otp` and `/{email}/reset-password` are published paths. The others would read as operations, and may
    /// become some.
    const RESERVED: [&str; 9] = [
        "otp",
        "reset-password",
        "callback",
        "code",
        "log-in",
        "login",
        "logout",
        "sign-up",
        "verify",
    ];

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = InvalidProviderId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = text.len() <= Self::LONGEST
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_name {
            return Err(InvalidProviderId::Form(text.to_owned()));
        }
        if Self::RESERVED.contains(&text) {
            return Err(InvalidProviderId::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    GitHub,
    Google,
    /// Any issuer of OpenID Connect.
    Oidc,
}

impl ProviderKind {
    /// The kind that this name stands for, in settings and as the id of a provider.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "github" => Some(Self::GitHub),
            "google" => Some(Self::Google),
            "oidc" => Some(Self::Oidc),
            _ => None,
        }
    }
}

/// What a provider says about the address of one of its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressClaim<'a> {
    pub email: &'a str,
    pub is_verified: bool,
    /// The organisation of a Google Workspace account (`hd`).
    pub organisation: Option<&'a str>,
}

impl AddressClaim<'_> {
    /// Whether the claim proves that the owner of the provider's account reads mail to the address today. Google once
    /// verified the addresses of other mail providers, and does not notice when they change hands. Servers
    /// other than GitHub's and Google's own are trusted only if the operator says so: their administrators may set any
    /// address.
    #[must_use]
    pub fn is_proof(&self, kind: ProviderKind, is_trusted: bool) -> bool {
        let is_authority = match kind {
            ProviderKind::GitHub | ProviderKind::Oidc => is_trusted,
            ProviderKind::Google => is_trusted && self.is_google_s_own(),
        };
        self.is_verified && is_authority
    }

    fn is_google_s_own(&self) -> bool {
        let domain = self.email.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| domain.eq_ignore_ascii_case("gmail.com"))
            || self.organisation.is_some_and(|organisation| !organisation.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_paths_and_what_is_no_path_name_no_provider() {
        for name in ["github", "google", "company-sso", "a", "id2"] {
            assert_eq!(name.parse::<ProviderId>().unwrap().as_str(), name);
        }
        for name in ["otp", "reset-password", "login", "callback"] {
            assert_eq!(
                name.parse::<ProviderId>(),
                Err(InvalidProviderId::Reserved(name.to_owned()))
            );
        }
        let long = "a".repeat(33);
        for name in ["", "GitHub", "1st", "-a", "a/b", "a.b", "é", "a b", &long] {
            assert_eq!(
                name.parse::<ProviderId>(),
                Err(InvalidProviderId::Form(name.to_owned()))
            );
        }
    }

    #[test]
    fn an_address_is_proven_only_by_its_authority() {
        use ProviderKind::{GitHub, Google, Oidc};
        let claim = |email, is_verified, organisation| AddressClaim {
            email,
            is_verified,
            organisation,
        };
        for (claim, kind, trusted, expected) in [
            (claim("a@example.com", true, None), GitHub, true, true),
            (claim("a@example.com", true, None), GitHub, false, false),
            (claim("a@example.com", false, None), GitHub, true, false),
            (claim("a@gmail.com", true, None), Google, true, true),
            (claim("a@GMAIL.com", true, None), Google, true, true),
            (claim("a@gmail.com", true, None), Google, false, false),
            (claim("a@gmail.com", false, None), Google, true, false),
            (claim("a@example.com", true, None), Google, true, false),
            (claim("a@gmail.com.example.com", true, None), Google, true, false),
            (claim("a@example.com", true, Some("")), Google, true, false),
            (claim("a@example.com", true, Some("example.com")), Google, true, true),
            (claim("a@example.com", true, Some("example.com")), Oidc, false, false),
            (claim("a@example.com", true, None), Oidc, true, true),
            (claim("a@example.com", false, None), Oidc, true, false),
        ] {
            assert_eq!(claim.is_proof(kind, trusted), expected, "{claim:?} {kind:?} {trusted}");
        }
    }
}
