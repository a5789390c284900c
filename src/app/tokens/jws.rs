//! Signed tokens in the compact form of RFC 7515, with the two algorithms that the service uses and no others.
//!
//! The header of a token decides nothing: the caller names the key and the algorithm, and any other header is rejected.
//! `docs/decisions/0001-sign-tokens-ourselves.md` says why this is our own code and not a library's.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::model::token::{Claims, MAX_BYTES};

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    /// Extensions that a reader must understand (RFC 7515, 4.1.11). We understand none.
    #[serde(default, skip_serializing)]
    crit: Option<serde::de::IgnoredAny>,
}

/// A token in its parts. Nothing in it is verified yet.
#[derive(Debug)]
pub struct Unverified<'t> {
    header: Header,
    signed: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Signs with ES256; the header names the key by `kid`.
///
/// # Errors
/// When the system has no randomness to give.
pub fn sign_es256(claims: &Claims, kid: &str, key: &EcdsaKeyPair) -> anyhow::Result<String> {
    let signed = signing_input("ES256", Some(kid), claims)?;
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes());
    let signature = signature
        .map_err(|_| anyhow::anyhow!("an access token could not be signed: the system has no randomness to give"))?;
    Ok(format!("{signed}.{}", BASE64.encode(signature)))
}

/// Signs with HS256: the same claims give the same token, byte for byte.
///
/// # Errors
/// When the claims can't be written as JSON. Ours always can.
pub fn sign_hs256(claims: &Claims, key: &hmac::Key) -> anyhow::Result<String> {
    let signed = signing_input("HS256", None, claims)?;
    let signature = hmac::sign(key, signed.as_bytes());
    Ok(format!("{signed}.{}", BASE64.encode(signature)))
}

fn signing_input(algorithm: &str, kid: Option<&str>, claims: &Claims) -> anyhow::Result<String> {
    let header = Header {
        alg: algorithm.into(),
        typ: "JWT".into(),
        kid: kid.map(Into::into),
        crit: None,
    };
    let encode = |json: Vec<u8>| BASE64.encode(json);
    Ok(format!(
        "{}.{}",
        encode(serde_json::to_vec(&header)?),
        encode(serde_json::to_vec(claims)?)
    ))
}

impl<'t> Unverified<'t> {
    /// Splits and decodes `token`; `None` if it is not a token or longer than [`MAX_BYTES`].
    #[must_use]
    pub fn parse(token: &'t str) -> Option<Self> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        let payload = BASE64.decode(payload).ok()?;
        let signature = BASE64.decode(signature).ok()?;
        (header.crit.is_none() && header.typ == "JWT").then_some(Self {
            header,
            signed,
            payload,
            signature,
        })
    }

    /// The key id in the header. It is untrusted input.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The claims, if ES256 with this public key signed them.
    #[must_use]
    pub fn verify_es256(&self, public_key: &[u8]) -> Option<Claims> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key);
        let is_authentic = self.header.alg == "ES256" && key.verify(self.signed.as_bytes(), &self.signature).is_ok();
        is_authentic.then(|| self.claims())?
    }

    /// The claims, if HS256 with this key signed them.
    #[must_use]
    pub fn verify_hs256(&self, key: &hmac::Key) -> Option<Claims> {
        // `ring` compares in constant time.
        let is_authentic =
            self.header.alg == "HS256" && hmac::verify(key, self.signed.as_bytes(), &self.signature).is_ok();
        is_authentic.then(|| self.claims())?
    }

    fn claims(&self) -> Option<Claims> {
        serde_json::from_slice(&self.payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::model::id::SessionId;
    use crate::model::id::UserId;
    use crate::model::token::TokenType;

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, b"the service's own key")
    }

    fn claims() -> Claims {
        Claims {
            token_type: TokenType::Refresh,
            iss: "http://localhost:8080".into(),
            sub: UserId(Uuid::nil()),
            user_id: 1,
            sid: SessionId(Uuid::nil()),
            jti: Uuid::nil(),
            iat: 1,
            exp: 2,
            aud: None,
            auth_time: None,
            amr: None,
            generation: Some(0),
        }
    }

    /// A token with an arbitrary header and payload, signed with the service's own key.
    fn signed(header: &Value, payload: &Value) -> String {
        let input = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(payload.to_string())
        );
        let tag = hmac::sign(&key(), input.as_bytes());
        format!("{input}.{}", BASE64.encode(tag))
    }

    fn read(token: &str) -> Option<Claims> {
        Unverified::parse(token)?.verify_hs256(&key())
    }

    #[test]
    fn equal_claims_give_equal_tokens_and_are_read_back() {
        let token = sign_hs256(&claims(), &key()).unwrap();
        assert_eq!(token, sign_hs256(&claims(), &key()).unwrap());
        assert_eq!(read(&token), Some(claims()));
    }

    #[test]
    fn unexpected_headers_are_rejected_despite_a_valid_signature() {
        let payload = serde_json::to_value(claims()).unwrap();
        let good = json!({ "alg": "HS256", "typ": "JWT" });
        assert!(read(&signed(&good, &payload)).is_some());
        for header in [
            json!({ "alg": "none", "typ": "JWT" }),
            json!({ "alg": "ES256", "typ": "JWT" }),
            json!({ "alg": "hs256", "typ": "JWT" }),
            json!({ "alg": ["HS256"], "typ": "JWT" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "HS256", "typ": "at+jwt" }),
            json!({ "alg": "HS256", "typ": "JWT", "crit": ["exp"] }),
            json!({ "alg": "HS256", "typ": "JWT", "kid": 7 }),
            json!([]),
        ] {
            assert_eq!(read(&signed(&header, &payload)), None, "{header}");
        }
    }

    #[test]
    fn malformed_claims_are_rejected_despite_a_valid_signature() {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        for (name, value) in [
            ("exp", Value::Null),
            ("exp", json!("2")),
            ("exp", json!(2.5)),
            ("exp", json!(1e300)),
            ("sub", json!("nobody")),
            ("sid", Value::Null),
            ("token_type", json!("admin")),
            ("user_id", json!("1")),
            ("iss", json!(["http://localhost:8080"])),
            ("aud", json!(["orders"])),
        ] {
            let mut payload = serde_json::to_value(claims()).unwrap();
            payload[name] = value;
            assert_eq!(read(&signed(&header, &payload)), None, "{payload}");
        }
    }

    #[test]
    fn tokens_longer_than_max_bytes_are_rejected() {
        let mut payload = serde_json::to_value(claims()).unwrap();
        payload["padding"] = json!("x".repeat(MAX_BYTES));
        assert_eq!(read(&signed(&json!({ "alg": "HS256", "typ": "JWT" }), &payload)), None);
    }
}
