//! Where a provider's endpoints are and which keys it signs with, as it publishes them, kept in memory.

use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::keys::KeySet;
use super::read_json;
use crate::app::outbound::{Call, Outbound};
use crate::model::client::origin::is_loopback;

/// How long endpoints and keys are used before they are read again.
const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// Tokens with a key id that is not known cause at most one look at the provider's keys in this time.
const REFETCH_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// After a failure the provider is left alone for this long, so that log-ins do not queue behind a dead one.
const RETRY_INTERVAL: TimeDelta = TimeDelta::seconds(5);

/// What a provider says of itself (OpenID Connect Discovery 1.0, 3).
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: Endpoint,
    token_endpoint: Endpoint,
    jwks_uri: Endpoint,
    userinfo_endpoint: Option<Endpoint>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether each callback names its provider (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// An address that may be called: https, or on this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Endpoint(Url);

impl TryFrom<String> for Endpoint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text).map_err(|_| "not an address")?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        is_safe.then_some(Self(url)).ok_or("not https")
    }
}

impl Metadata {
    #[must_use]
    pub fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint.0
    }

    #[must_use]
    pub fn token_endpoint(&self) -> &Url {
        &self.token_endpoint.0
    }

    #[must_use]
    pub fn userinfo_endpoint(&self) -> Option<&Url> {
        self.userinfo_endpoint.as_ref().map(|endpoint| &endpoint.0)
    }

    /// Whether the client's secret is sent as a field of the form: only where the provider takes no header.
    #[must_use]
    pub fn wants_secret_in_form(&self) -> bool {
        let supports = |name: &str| {
            let methods = self.token_endpoint_auth_methods_supported.as_ref();
            methods.map(|methods| methods.iter().any(|method| method == name))
        };
        supports("client_secret_basic") == Some(false) && supports("client_secret_post") == Some(true)
    }
}

/// The published documents of one provider.
#[derive(Debug)]
pub struct Discovery {
    issuer: String,
    /// Held while a document is fetched: all others that need it wait for the same answer.
    metadata: Mutex<Cached<Metadata>>,
    keys: Mutex<Cached<KeySet>>,
}

#[derive(Debug)]
struct Cached<T> {
    value: Option<(Arc<T>, DateTime<Utc>)>,
    failed_at: Option<DateTime<Utc>>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self {
            value: None,
            failed_at: None,
        }
    }
}

impl<T> Cached<T> {
    /// The value, unless it is older than `lifetime`. A clock that was set back makes it old.
    fn fresh(&self, lifetime: TimeDelta, now: DateTime<Utc>) -> Option<Arc<T>> {
        let (value, at) = self.value.as_ref()?;
        is_within(*at, lifetime, now).then(|| Arc::clone(value))
    }

    async fn fetch(
        &mut self,
        now: DateTime<Utc>,
        fetch: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Arc<T>> {
        ensure!(
            !self.failed_at.is_some_and(|at| is_within(at, RETRY_INTERVAL, now)),
            "the provider did not answer a moment ago"
        );
        match fetch.await {
            Ok(value) => {
                let value = Arc::new(value);
                *self = Self {
                    value: Some((Arc::clone(&value), now)),
                    failed_at: None,
                };
                Ok(value)
            }
            Err(error) => {
                self.failed_at = Some(now);
                Err(error)
            }
        }
    }
}

fn is_within(at: DateTime<Utc>, period: TimeDelta, now: DateTime<Utc>) -> bool {
    let age = now - at;
    age >= TimeDelta::zero() && age < period
}

impl Discovery {
    #[must_use]
    pub fn of(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            metadata: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The provider's endpoints.
    ///
    /// # Errors
    /// When the provider does not answer, or its document is not that of the issuer in the settings.
    pub async fn metadata(&self, http: &Outbound, now: DateTime<Utc>) -> anyhow::Result<Arc<Metadata>> {
        let mut cached = self.metadata.lock().await;
        if let Some(metadata) = cached.fresh(LIFETIME, now) {
            return Ok(metadata);
        }
        cached.fetch(now, self.fetch_metadata(http)).await
    }

    async fn fetch_metadata(&self, http: &Outbound) -> anyhow::Result<Metadata> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = read_json(http, Call::get(&url.parse()?)).await.context("discovery")?;
        ensure!(
            metadata.issuer == self.issuer,
            "the provider calls itself by another name than its setting `issuer`, `{}`; write it exactly alike",
            self.issuer
        );
        Ok(metadata)
    }

    /// The provider's keys.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn keys(&self, http: &Outbound, now: DateTime<Utc>) -> anyhow::Result<Arc<KeySet>> {
        self.keys_not_older_than(LIFETIME, http, now).await
    }

    /// The provider's keys after a token named one that was not among them.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn newer_keys(&self, http: &Outbound, now: DateTime<Utc>) -> anyhow::Result<Arc<KeySet>> {
        self.keys_not_older_than(REFETCH_INTERVAL, http, now).await
    }

    async fn keys_not_older_than(
        &self,
        age: TimeDelta,
        http: &Outbound,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Arc<KeySet>> {
        let metadata = self.metadata(http, now).await?;
        let mut cached = self.keys.lock().await;
        if let Some(keys) = cached.fresh(age, now) {
            return Ok(keys);
        }
        let fetch = async {
            let published = read_json(http, Call::get(&metadata.jwks_uri.0)).await;
            Ok(KeySet::of(published.context("the provider's keys")?))
        };
        cached.fetch(now, fetch).await
    }
}
