//! Log-in with an issuer of OpenID Connect by the authorization code flow.

use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::discovery::{Discovery, Metadata};
use super::id_token::{self, Expected, IdClaims, Rejected, truth};
use super::{Profile, Provider, read_json};
use crate::app::clock::Clock;
use crate::app::outbound::{Call, Outbound};
use crate::model::identity::ceremony::Ceremony;

/// Google's tokens may name their issuer without the scheme.
const GOOGLE: &str = "https://accounts.google.com";
const GOOGLE_WITHOUT_SCHEME: &str = "accounts.google.com";

#[derive(Debug)]
pub(super) struct Oidc {
    discovery: Discovery,
    /// The names by which tokens may call the issuer.
    issuers: Vec<String>,
}

/// The answer of the token endpoint. The access token is used once, for the address, and dropped.
#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    email_verified: bool,
}

impl Oidc {
    pub fn new(issuer: &str, is_google: bool) -> Self {
        let mut issuers = vec![issuer.to_owned()];
        if is_google && issuer == GOOGLE {
            issuers.push(GOOGLE_WITHOUT_SCHEME.to_owned());
        }
        Self {
            discovery: Discovery::of(issuer),
            issuers,
        }
    }

    pub fn issuer(&self) -> &str {
        self.discovery.issuer()
    }

    pub async fn start(
        &self,
        provider: &Provider,
        http: &Outbound,
        ceremony: &Ceremony,
        clock: &Clock,
    ) -> anyhow::Result<Url> {
        let metadata = self.discovery.metadata(http, clock).await?;
        let mut url = provider.authorization(metadata.authorization_endpoint(), ceremony);
        url.query_pairs_mut().append_pair("nonce", &ceremony.nonce);
        Ok(url)
    }

    pub async fn finish(
        &self,
        provider: &Provider,
        http: &Outbound,
        ceremony: &Ceremony,
        code: &str,
        issuer: Option<&str>,
        clock: &Clock,
    ) -> anyhow::Result<Profile> {
        let metadata = self.discovery.metadata(http, clock).await?;
        match issuer {
            Some(issuer) => ensure!(
                self.issuers.iter().any(|known| known == issuer),
                "the callback names another issuer"
            ),
            None => ensure!(
                !metadata.authorization_response_iss_parameter_supported,
                "the callback does not name its issuer, although the provider says that it does"
            ),
        }
        let answer: TokenAnswer = read_json(http, redeem(provider, &metadata, ceremony, code))
            .await
            .context("the token endpoint")?;
        let mut claims = self.verify(&answer.id_token, provider, http, ceremony, clock).await?;
        if let (None, Some(endpoint), Some(token)) = (&claims.email, metadata.userinfo_endpoint(), &answer.access_token)
        {
            add_address(&mut claims, provider, http, endpoint, token).await?;
        }
        Ok(Profile {
            issuer: self.issuer().to_owned(),
            subject: claims.subject,
            email: claims.email,
            is_verified: claims.email_verified,
            organisation: claims.organisation,
        })
    }

    /// Verifies an id token; if it names an unknown key, once more with the keys that the provider has by now.
    async fn verify(
        &self,
        token: &str,
        provider: &Provider,
        http: &Outbound,
        ceremony: &Ceremony,
        clock: &Clock,
    ) -> anyhow::Result<IdClaims> {
        let keys = self.discovery.keys(http, clock).await?;
        let issuers: Vec<_> = self.issuers.iter().map(String::as_str).collect();
        let expected = Expected {
            issuers: &issuers,
            client_id: &provider.setup.client_id,
            nonce: &ceremony.nonce,
            // Only now: the provider may have taken its time.
            now: clock.now(),
        };
        let mut verified = id_token::verify(token, &keys, expected);
        if verified == Err(Rejected::UnknownKey) {
            let keys = self.discovery.newer_keys(http, clock).await?;
            verified = id_token::verify(token, &keys, expected);
        }
        verified.context("the id token is not accepted")
    }
}

fn redeem(provider: &Provider, metadata: &Metadata, ceremony: &Ceremony, code: &str) -> Call {
    let mut fields = provider.redemption(ceremony, code);
    let Some(secret) = &provider.setup.client_secret else {
        return Call::post_form(metadata.token_endpoint(), &fields);
    };
    if metadata.wants_secret_in_form() {
        fields.push(("client_secret", &secret.0));
        return Call::post_form(metadata.token_endpoint(), &fields);
    }
    // RFC 6749, 2.3.1: both parts are encoded as in a form before they are joined.
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encoded(&provider.setup.client_id), encoded(&secret.0));
    let header = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    Call::post_form(metadata.token_endpoint(), &fields).header("authorization", &header)
}

/// Asks for the address where the id token has none.
async fn add_address(
    claims: &mut IdClaims,
    provider: &Provider,
    http: &Outbound,
    endpoint: &Url,
    token: &str,
) -> anyhow::Result<()> {
    let call = Call::get(endpoint).header("authorization", &format!("Bearer {token}"));
    // Who is known already needs no address.
    let info: Option<UserInfo> = match read_json(http, call).await.context("the userinfo endpoint") {
        Ok(info) => Some(info),
        Err(error) => provider.without_address(&error),
    };
    let Some(info) = info else { return Ok(()) };
    // OpenID Connect Core 1.0, 5.3.2: an access token of another account must not add its address here.
    ensure!(
        info.sub == claims.subject,
        "the userinfo endpoint answered for another account"
    );
    claims.email = info.email;
    claims.email_verified = info.email_verified;
    Ok(())
}
