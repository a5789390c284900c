//! The settings of providers.

use std::fmt;

use url::Url;

use crate::model::client::origin::AllowedOrigins;
use crate::model::identity::provider::ProviderId;

/// The settings of all providers.
#[derive(Debug)]
pub struct ProvidersSetup {
    pub providers: Vec<ProviderSetup>,
    pub public_url: Url,
    /// The pages that a log-in may lead to.
    pub origins: AllowedOrigins,
    /// The page to open after a log-in that names none.
    pub after_log_in: String,
    /// The page to open after a log-in that failed, with the reason as `error`.
    pub log_in_page: String,
}

/// The settings of one provider.
#[derive(Debug, Clone)]
pub struct ProviderSetup {
    pub id: ProviderId,
    /// What people call it.
    pub name: String,
    pub client_id: String,
    /// `None` for a public client, which has only PKCE.
    pub client_secret: Option<ClientSecret>,
    pub scopes: Vec<String>,
    pub endpoints: Endpoints,
    /// Whether the provider is believed that an address is its account's own: GitHub and Google at their own
    /// addresses, others if the operator says so.
    pub trust_email: bool,
}

/// Where a provider is.
#[derive(Debug, Clone)]
pub enum Endpoints {
    /// Google, or another issuer of OpenID Connect, which names its endpoints itself.
    Issuer { issuer: String, is_google: bool },
    /// GitHub, or a GitHub Enterprise server.
    GitHub {
        authorize: Box<Url>,
        token: Box<Url>,
        api: Box<Url>,
    },
}

/// What the provider knows us by. Never printed.
#[derive(Clone)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}
