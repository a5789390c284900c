//! Where a provider's endpoints are and which keys it signs with, as it publishes them, kept in memory.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};
use url::Url;

use super::keys::{Algorithm, KeySet};
use super::read_json;
use crate::app::clock::Clock;
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
    /// For a diagnosis only, so a log-in does not fail for its form.
    #[serde(default)]
    id_token_signing_alg_values_supported: Value,
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

    /// The algorithms that it signs with, if none of them is one that can be verified. Some providers name none.
    #[must_use]
    pub fn foreign_algorithms(&self) -> Option<Vec<&str>> {
        let all = self.id_token_signing_alg_values_supported.as_array()?;
        let all: Vec<_> = all.iter().filter_map(Value::as_str).collect();
        let is_foreign = all.iter().all(|name| Algorithm::named(name).is_none());
        (is_foreign && !all.is_empty()).then_some(all)
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
    metadata: Document<Metadata>,
    keys: Document<KeySet>,
}

/// One published document.
#[derive(Debug)]
struct Document<T> {
    cached: Mutex<Cached<T>>,
    /// Held while it is fetched.
    fetching: AsyncMutex<()>,
}

#[derive(Debug)]
struct Cached<T> {
    value: Option<(Arc<T>, DateTime<Utc>)>,
    failed_at: Option<DateTime<Utc>>,
}

impl<T> Default for Document<T> {
    fn default() -> Self {
        let nothing = Cached {
            value: None,
            failed_at: None,
        };
        Self {
            cached: Mutex::new(nothing),
            fetching: AsyncMutex::default(),
        }
    }
}

impl<T> Document<T> {
    /// The document, not older than `lifetime`.
    async fn get(
        &self,
        lifetime: TimeDelta,
        clock: &Clock,
        fetch: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Arc<T>> {
        if let Some(value) = self.cached().usable(lifetime, clock.now())? {
            return Ok(value);
        }
        let _turn = self.turn().await?;
        // The request before this one may have fetched it, or failed to.
        if let Some(value) = self.cached().usable(lifetime, clock.now())? {
            return Ok(value);
        }
        let fetched = fetch.await.map(Arc::new);
        // The time after the answer: the pause after a failure must not be over before it begins.
        let now = clock.now();
        let mut cached = self.cached();
        match &fetched {
            Ok(value) => {
                *cached = Cached {
                    value: Some((Arc::clone(value), now)),
                    failed_at: None,
                }
            }
            Err(_) => cached.failed_at = Some(now),
        }
        fetched
    }

    /// Waits for the turn to fetch, but not behind a provider that has failed: waiting takes up a place for requests.
    async fn turn(&self) -> anyhow::Result<MutexGuard<'_, ()>> {
        let has_failed = self.cached().failed_at.is_some();
        if has_failed {
            let turn = self.fetching.try_lock();
            return turn.context("the provider has not answered, and is just being asked again");
        }
        Ok(self.fetching.lock().await)
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Cached<T>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Cached<T> {
    /// The value, unless it is older than `lifetime`. A clock that was set back makes it old.
    fn usable(&self, lifetime: TimeDelta, now: DateTime<Utc>) -> anyhow::Result<Option<Arc<T>>> {
        let known = self.value.as_ref();
        if let Some((value, _)) = known.filter(|(_, at)| is_within(*at, lifetime, now)) {
            return Ok(Some(Arc::clone(value)));
        }
        ensure!(
            !self.failed_at.is_some_and(|at| is_within(at, RETRY_INTERVAL, now)),
            "the provider did not answer a moment ago"
        );
        Ok(None)
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
            metadata: Document::default(),
            keys: Document::default(),
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
    pub async fn metadata(&self, http: &Outbound, clock: &Clock) -> anyhow::Result<Arc<Metadata>> {
        self.metadata.get(LIFETIME, clock, self.fetch_metadata(http)).await
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
    pub async fn keys(&self, http: &Outbound, clock: &Clock) -> anyhow::Result<Arc<KeySet>> {
        self.keys_not_older_than(LIFETIME, http, clock).await
    }

    /// The provider's keys after a token named one that was not among them.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn newer_keys(&self, http: &Outbound, clock: &Clock) -> anyhow::Result<Arc<KeySet>> {
        self.keys_not_older_than(REFETCH_INTERVAL, http, clock).await
    }

    async fn keys_not_older_than(&self, age: TimeDelta, http: &Outbound, clock: &Clock) -> anyhow::Result<Arc<KeySet>> {
        let metadata = self.metadata(http, clock).await?;
        let fetch = async {
            let published = read_json(http, Call::get(&metadata.jwks_uri.0)).await;
            Ok(KeySet::of(published.context("the provider's keys")?))
        };
        self.keys.get(age, clock, fetch).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_provider_says_of_its_algorithms_ends_no_log_in_whatever_its_form() {
        for (said, foreign) in [
            (json!(null), None),
            (json!("HS256"), None),
            (json!([]), None),
            (json!(["HS256", "EdDSA"]), None),
            (json!([1, "HS256"]), Some(vec!["HS256"])),
        ] {
            let document = json!({
                "issuer": "https://a.example",
                "authorization_endpoint": "https://a.example/authorize",
                "token_endpoint": "https://a.example/token",
                "jwks_uri": "https://a.example/keys",
                "id_token_signing_alg_values_supported": said,
            });
            let metadata: Metadata = serde_json::from_value(document).unwrap();
            assert_eq!(metadata.foreign_algorithms(), foreign, "{said}");
        }
    }
}
