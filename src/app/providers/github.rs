//! Log-in with GitHub, which speaks OAuth 2.0 without OpenID Connect: the account is read from its API.

use anyhow::{Context, ensure};
use serde::Deserialize;
use url::Url;

use super::{Profile, Provider, read_json};
use crate::app::outbound::{Call, Outbound};
use crate::model::identity::ceremony::Ceremony;

/// The most that GitHub gives at once; without it 30, and the primary address may be beyond them.
const ADDRESSES: &str = "/user/emails?per_page=100";

#[derive(Debug)]
pub(super) struct GitHub {
    authorize: Url,
    token: Url,
    api: String,
}

/// GitHub answers an error with 200 as well. The token is used for the next two requests and dropped.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct User {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    pub fn new(authorize: &Url, token: &Url, api: &Url) -> Self {
        Self {
            authorize: authorize.clone(),
            token: token.clone(),
            api: api.as_str().trim_end_matches('/').to_owned(),
        }
    }

    pub fn issuer(&self) -> String {
        self.authorize.origin().ascii_serialization()
    }

    pub fn start(&self, provider: &Provider, ceremony: &Ceremony) -> Url {
        provider.authorization(&self.authorize, ceremony)
    }

    pub async fn finish(
        &self,
        provider: &Provider,
        http: &Outbound,
        ceremony: &Ceremony,
        code: &str,
        issuer: Option<&str>,
    ) -> anyhow::Result<Profile> {
        let is_own = |issuer: &str| Url::parse(issuer).is_ok_and(|url| url.origin() == self.authorize.origin());
        ensure!(issuer.is_none_or(is_own), "the callback names another issuer");
        let token = self.redeem(provider, http, ceremony, code).await?;
        // The public address of the profile may be anybody's: only the list of addresses says which are verified.
        let user: User = self.get(http, "/user", &token).await?;
        // Who is known already needs no address.
        let addresses = self.get::<Vec<Address>>(http, ADDRESSES, &token).await;
        let addresses = addresses.unwrap_or_else(|error| provider.without_address(&error));
        let primary = addresses.into_iter().find(|address| address.primary);
        Ok(Profile {
            issuer: self.issuer(),
            subject: user.id.to_string(),
            is_verified: primary.as_ref().is_some_and(|address| address.verified),
            email: primary.map(|address| address.email),
            organisation: None,
        })
    }

    async fn redeem(
        &self,
        provider: &Provider,
        http: &Outbound,
        ceremony: &Ceremony,
        code: &str,
    ) -> anyhow::Result<String> {
        let mut fields = provider.redemption(ceremony, code);
        if let Some(secret) = &provider.setup.client_secret {
            fields.push(("client_secret", &secret.0));
        }
        let answer: TokenAnswer = read_json(http, Call::post_form(&self.token, &fields))
            .await
            .context("the token endpoint")?;
        ensure!(answer.error.is_none(), "the token endpoint did not accept the code");
        answer.access_token.context("the token endpoint gave no token")
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, http: &Outbound, path: &str, token: &str) -> anyhow::Result<T> {
        let url = format!("{}{path}", self.api)
            .parse()
            .context("the address of GitHub's API")?;
        let call = Call::get(&url)
            .header("authorization", &format!("Bearer {token}"))
            .header("x-github-api-version", "2022-11-28");
        read_json(http, call).await.with_context(|| format!("GitHub's {path}"))
    }
}
