//! The secrets of webhooks, and the signatures made with them, as Standard Webhooks has them.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::sealing::Sealer;
use crate::model::secret_key::SecretKey;
use crate::model::webhook::Webhook;

const PREFIX: &str = "whsec_";

/// A webhook's secret, and the one before it, both sealed.
pub type SealedSecrets = (Vec<u8>, Option<Vec<u8>>);

/// Makes, seals and uses the secrets of webhooks.
#[derive(Debug)]
pub struct Webhooks {
    sealer: Sealer,
}

impl Webhooks {
    pub fn new(secret: &SecretKey) -> anyhow::Result<Self> {
        let sealer = Sealer::new(secret, b"neptun-auth 1: sealing of the secrets of webhooks")?;
        Ok(Self { sealer })
    }

    /// A new secret of the webhook `id`: as its receiver gets it, and as it is stored.
    pub fn new_secret(&self, id: Uuid) -> anyhow::Result<(Zeroizing<String>, Vec<u8>)> {
        let mut secret = Zeroizing::new([0; 32]);
        let filled = SystemRandom::new().fill(secret.as_mut());
        filled.map_err(|_| anyhow::anyhow!("the system has no randomness to give"))?;
        let sealed = self.sealer.seal(secret.as_ref(), id.as_bytes())?;
        Ok((
            Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(secret.as_ref()))),
            sealed,
        ))
    }

    /// The sealed secrets of `webhook`, the present one and the one before it, under the present secret key; `None` if
    /// they are that already.
    ///
    /// # Errors
    /// When neither the present secret key nor the previous one has sealed them.
    pub fn reseal(&self, webhook: &Webhook) -> anyhow::Result<Option<SealedSecrets>> {
        let reseal = |sealed: &Vec<u8>| self.sealer.reseal(sealed, webhook.id.as_bytes());
        let (secret, before) = (&webhook.sealed_secret, webhook.sealed_previous.as_ref());
        let (new, new_before) = (reseal(secret)?, before.map(reseal).transpose()?.flatten());
        if new.is_none() && new_before.is_none() {
            return Ok(None);
        }
        let new = new.unwrap_or_else(|| secret.clone());
        Ok(Some((new, new_before.or_else(|| before.cloned()))))
    }

    /// The value of `webhook-signature` for a message: one signature for each secret that is used now.
    pub fn sign(&self, webhook: &Webhook, message: Uuid, body: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
        let previous = webhook.sealed_previous.as_ref();
        let is_used = webhook.previous_until.is_some_and(|until| now < until);
        let secrets = [Some(&webhook.sealed_secret), previous.filter(|_| is_used)];
        let signatures = secrets.into_iter().flatten().map(|sealed| {
            let secret = self.sealer.open(sealed, webhook.id.as_bytes());
            let secret = Zeroizing::new(secret.context("the secret of a webhook can't be read")?);
            Ok(signature(&secret, &message.to_string(), now.timestamp(), body))
        });
        let signatures: anyhow::Result<Vec<_>> = signatures.collect();
        Ok(signatures?.join(" "))
    }
}

fn signature(secret: &[u8], message: &str, timestamp: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signed = hmac::sign(&key, format!("{message}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
