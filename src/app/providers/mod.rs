//! Logs people in with their accounts at GitHub, Google and other providers: where a browser is sent, and what the
//! provider says when it comes back. No token of a provider is kept.

pub mod ceremonies;
mod discovery;
pub mod examine;
mod github;
mod id_token;
mod keys;
mod oidc;
mod setup;

use anyhow::{Context, anyhow, ensure};
use serde::de::DeserializeOwned;
use url::Url;

use super::clock::Clock;
use super::outbound::{Call, Outbound};
use crate::model::client::origin::AllowedOrigins;
use crate::model::client::return_to;
use crate::model::identity::ceremony::Ceremony;
use crate::model::identity::provider::{AddressClaim, ProviderId, ProviderKind};
use crate::model::identity::{ExternalAccount, Identity};
use crate::model::secret_key::SecretKey;
use crate::model::user::email::Email;
use ceremonies::Ceremonies;
use github::GitHub;
use oidc::Oidc;
pub use setup::{ClientSecret, Endpoints, ProviderSetup, ProvidersSetup};

/// Requests to providers in flight.
const MAX_IN_FLIGHT: usize = 64;

/// Every provider, and the pages around a log-in with one.
#[derive(Debug)]
pub struct Providers {
    list: Vec<Provider>,
    pub ceremonies: Ceremonies,
    http: Outbound,
    origins: AllowedOrigins,
    after_log_in: String,
    log_in_page: String,
}

/// One provider.
#[derive(Debug)]
pub struct Provider {
    setup: ProviderSetup,
    redirect_uri: String,
    protocol: Protocol,
}

#[derive(Debug)]
enum Protocol {
    Oidc(Oidc),
    GitHub(GitHub),
}

/// What a provider has said, before it is checked what that is worth.
#[derive(Debug)]
struct Profile {
    issuer: String,
    subject: String,
    email: Option<String>,
    is_verified: bool,
    organisation: Option<String>,
}

/// Where a provider sends the browser back to.
fn redirect_uri(public_url: &Url, id: &ProviderId) -> anyhow::Result<String> {
    let uri = public_url.join(&format!("auth/{id}")).context("PUBLIC_URL")?;
    Ok(uri.into())
}

impl Providers {
    /// Connects to nothing: a provider that is down must not keep the service from starting.
    pub fn new(setup: ProvidersSetup, secret: &SecretKey, outbound: &Outbound) -> anyhow::Result<Self> {
        let public_url = setup.public_url;
        let provider = |setup: ProviderSetup| -> anyhow::Result<Provider> {
            Ok(Provider {
                redirect_uri: redirect_uri(&public_url, &setup.id)?,
                protocol: Protocol::of(&setup),
                setup,
            })
        };
        Ok(Self {
            list: setup.providers.into_iter().map(provider).collect::<Result<_, _>>()?,
            ceremonies: Ceremonies::new(secret)?,
            http: outbound.lane(MAX_IN_FLIGHT),
            origins: setup.origins,
            after_log_in: setup.after_log_in,
            log_in_page: setup.log_in_page,
        })
    }

    /// Every provider, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.list.iter()
    }

    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Provider> {
        self.list.iter().find(|provider| provider.setup.id.as_str() == id)
    }

    /// Whether an identity can still be used: its issuer is that of a provider.
    #[must_use]
    pub fn knows(&self, identity: &Identity) -> bool {
        self.by_issuer(&identity.issuer).is_some()
    }

    /// The provider that names its accounts under this issuer.
    #[must_use]
    pub fn by_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.list.iter().find(|provider| provider.protocol.issuer() == issuer)
    }

    /// The page to open after a log-in that names none.
    #[must_use]
    pub fn after_log_in(&self) -> &str {
        &self.after_log_in
    }

    /// The page to open after a log-in: the one that was `asked` for, if a log-in may lead there; without one, that of
    /// the settings. `None` for a page that no log-in may lead to.
    #[must_use]
    pub fn return_page(&self, asked: Option<&str>) -> Option<String> {
        match asked.filter(|asked| !asked.is_empty()) {
            None => Some(self.after_log_in.clone()),
            Some(asked) => return_to::page(&self.origins, asked),
        }
    }

    /// The page to open after a log-in that failed, with the reason.
    #[must_use]
    pub fn failure_page(&self, code: &str) -> String {
        let separator = if self.log_in_page.contains('?') { '&' } else { '?' };
        format!("{}{separator}error={code}", self.log_in_page)
    }

    /// The address at `provider` to which the browser is sent.
    ///
    /// # Errors
    /// When the provider does not say where that is.
    pub async fn start(&self, provider: &Provider, ceremony: &Ceremony, clock: &Clock) -> anyhow::Result<Url> {
        match &provider.protocol {
            Protocol::Oidc(oidc) => oidc.start(provider, &self.http, ceremony, clock).await,
            Protocol::GitHub(github) => Ok(github.start(provider, ceremony)),
        }
    }

    /// Redeems the code of a callback; returns whose it is.
    ///
    /// # Errors
    /// When the provider does not answer, or its answer can't be believed.
    pub async fn finish(
        &self,
        provider: &Provider,
        ceremony: &Ceremony,
        code: &str,
        issuer: Option<&str>,
        clock: &Clock,
    ) -> anyhow::Result<ExternalAccount> {
        let profile = match &provider.protocol {
            Protocol::Oidc(oidc) => oidc.finish(provider, &self.http, ceremony, code, issuer, clock).await?,
            Protocol::GitHub(github) => github.finish(provider, &self.http, ceremony, code, issuer).await?,
        };
        Ok(provider.account(profile))
    }
}

impl Provider {
    #[must_use]
    pub fn id(&self) -> &ProviderId {
        &self.setup.id
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.setup.name
    }

    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        match self.setup.endpoints {
            Endpoints::GitHub { .. } => ProviderKind::GitHub,
            Endpoints::Issuer { is_google: true, .. } => ProviderKind::Google,
            Endpoints::Issuer { is_google: false, .. } => ProviderKind::Oidc,
        }
    }

    /// The address of the log-in with this provider, which is its redirect URI as well.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.redirect_uri
    }

    /// Logs why a log-in with this provider has failed.
    pub fn report(&self, error: &anyhow::Error) {
        tracing::warn!(
            provider = self.setup.id.as_str(),
            error = format!("{error:#}"),
            "a log-in with a provider failed; see the error for the cause"
        );
    }

    /// Logs why the provider gave no address, and goes on with none.
    fn without_address<T: Default>(&self, error: &anyhow::Error) -> T {
        tracing::info!(
            provider = self.setup.id.as_str(),
            error = format!("{error:#}"),
            "a provider gave no address; accounts that it is linked to need none"
        );
        T::default()
    }

    fn account(&self, profile: Profile) -> ExternalAccount {
        let claim = profile.email.as_deref().map(|email| AddressClaim {
            email,
            is_verified: profile.is_verified,
            organisation: profile.organisation.as_deref(),
        });
        ExternalAccount {
            is_proven: claim.is_some_and(|claim| claim.is_proof(self.kind(), self.setup.trust_email)),
            // An address that no account may have is none.
            email: profile.email.as_deref().and_then(|email| Email::parse_new(email).ok()),
            provider: self.setup.id.clone(),
            issuer: profile.issuer,
            subject: profile.subject,
        }
    }

    /// The parameters that both protocols send at the start.
    fn authorization(&self, endpoint: &Url, ceremony: &Ceremony) -> Url {
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.setup.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.setup.scopes.join(" "))
            .append_pair("state", &ceremony.state)
            .append_pair("code_challenge", &ceremonies::challenge(ceremony))
            .append_pair("code_challenge_method", "S256");
        url
    }

    /// The fields that both protocols send to redeem a code.
    fn redemption<'a>(&'a self, ceremony: &'a Ceremony, code: &'a str) -> Vec<(&'static str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &ceremony.verifier),
            ("client_id", &self.setup.client_id),
        ]
    }
}

impl Protocol {
    fn issuer(&self) -> String {
        match self {
            Self::Oidc(oidc) => oidc.issuer().to_owned(),
            Self::GitHub(github) => github.issuer(),
        }
    }

    fn of(setup: &ProviderSetup) -> Self {
        match &setup.endpoints {
            Endpoints::Issuer { issuer, is_google } => Self::Oidc(Oidc::new(issuer, *is_google)),
            Endpoints::GitHub { authorize, token, api } => Self::GitHub(GitHub::new(authorize, token, api)),
        }
    }
}

/// Sends `call` and reads the JSON of its answer. The error holds nothing of the answer, which may contain a secret.
async fn read_json<T: DeserializeOwned>(http: &Outbound, call: Call) -> anyhow::Result<T> {
    let answer = http.send(call.header("accept", "application/json")).await?;
    ensure!(answer.is_success(), "the provider answered {}", answer.status);
    serde_json::from_slice(&answer.body).map_err(|_| anyhow!("the provider's answer can't be read"))
}
