//! Seals ceremonies for the cookie that carries them. The database stores nothing about them until they end.

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use crate::app::sealing::Sealer;
use crate::model::identity::ceremony::{CEREMONY_LIFETIME, Ceremony, Link};
use crate::model::identity::provider::ProviderId;
use crate::model::secret_key::SecretKey;

/// Longest cookie value that is opened. Browsers store 4,096 bytes.
const MAX_BYTES: usize = 4096;

#[derive(Debug)]
pub struct Ceremonies(Sealer);

impl Ceremonies {
    pub fn new(secret: &SecretKey) -> anyhow::Result<Self> {
        Ok(Self(
            Sealer::new(secret, b"neptun-auth 1: identity ceremonies").context("ceremonies")?,
        ))
    }

    /// A new ceremony with `provider`, and the cookie value that carries it.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn begin(
        &self,
        provider: &ProviderId,
        return_to: String,
        link: Option<Link>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(Ceremony, String)> {
        let ceremony = Ceremony {
            provider: provider.to_string(),
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            return_to,
            link,
            expires_at: now + CEREMONY_LIFETIME,
        };
        let sealed = self
            .0
            .seal(&serde_json::to_vec(&ceremony)?, provider.as_str().as_bytes())?;
        Ok((ceremony, BASE64.encode(sealed)))
    }

    /// The ceremony in a cookie value; `None` if this service did not seal it for `provider`, or it has expired.
    #[must_use]
    pub fn open(&self, value: &str, provider: &ProviderId, now: DateTime<Utc>) -> Option<Ceremony> {
        if value.len() > MAX_BYTES {
            return None;
        }
        let sealed = BASE64.decode(value).ok()?;
        let plain = self.0.open(&sealed, provider.as_str().as_bytes()).ok()?;
        let ceremony: Ceremony = serde_json::from_slice(&plain).ok()?;
        (ceremony.provider == provider.as_str() && ceremony.is_alive(now)).then_some(ceremony)
    }
}

/// Whether `state` is that of the ceremony. Hashes are compared: where two of them differ says nothing about the state.
#[must_use]
pub fn is_state_of(ceremony: &Ceremony, state: &str) -> bool {
    Sha256::digest(&ceremony.state) == Sha256::digest(state)
}

/// What the provider is told of the verifier at the start (PKCE's method S256).
#[must_use]
pub fn challenge(ceremony: &Ceremony) -> String {
    BASE64.encode(Sha256::digest(&ceremony.verifier))
}

/// The name under which the use of a ceremony is stored, until it would have expired.
#[must_use]
pub fn spent_hash(ceremony: &Ceremony) -> Vec<u8> {
    Sha256::digest(format!("identity ceremony {}", ceremony.state)).to_vec()
}

/// 256 random bits as 43 characters, the shortest verifier that RFC 7636 allows.
fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| anyhow::anyhow!("the system has no randomness to give"))?;
    Ok(BASE64.encode(bytes))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_ceremony_opens_for_its_provider_for_ten_minutes_and_unchanged() {
        let ceremonies = Ceremonies::new(&SecretKey::generate()).unwrap();
        let (github, google) = ("github".parse().unwrap(), "google".parse().unwrap());
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let (ceremony, value) = ceremonies.begin(&github, "/dashboard".to_owned(), None, now).unwrap();
        assert_eq!(ceremonies.open(&value, &github, now).as_ref(), Some(&ceremony));
        let last = now + TimeDelta::seconds(599);
        assert!(ceremonies.open(&value, &github, last).is_some());
        assert!(ceremonies.open(&value, &github, now + TimeDelta::minutes(10)).is_none());
        assert!(ceremonies.open(&value, &github, now - TimeDelta::seconds(1)).is_none());
        assert!(ceremonies.open(&value, &google, now).is_none());
        let others = Ceremonies::new(&SecretKey::generate()).unwrap();
        assert!(others.open(&value, &github, now).is_none());
        for garbage in ["", "AAAA", &value[1..], &"A".repeat(5000), "é"] {
            assert!(ceremonies.open(garbage, &github, now).is_none());
        }
        let (other, _) = ceremonies.begin(&github, "/dashboard".to_owned(), None, now).unwrap();
        assert!(is_state_of(&ceremony, &ceremony.state) && !is_state_of(&ceremony, &other.state));
        assert!(!is_state_of(&ceremony, ""));
    }

    #[test]
    fn the_longest_page_to_return_to_fits_into_a_cookie() {
        let ceremonies = Ceremonies::new(&SecretKey::generate()).unwrap();
        let now = DateTime::UNIX_EPOCH;
        let link = Link {
            user: crate::model::id::UserId(uuid::Uuid::nil()),
            session: crate::model::id::SessionId(uuid::Uuid::nil()),
        };
        let provider: ProviderId = "a".repeat(32).parse().unwrap();
        let page = format!("/{}", "a".repeat(crate::model::client::return_to::LONGEST_PATH - 1));
        let (_, value) = ceremonies.begin(&provider, page, Some(link), now).unwrap();
        // The name and the attributes count too.
        assert!(value.len() + 160 <= MAX_BYTES, "{}", value.len());
        assert!(ceremonies.open(&value, &provider, now).is_some());
    }
}
