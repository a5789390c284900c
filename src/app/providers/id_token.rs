//! The check of an id token (OpenID Connect Core 1.0, 3.1.3.7). The token's header decides nothing by itself: its
//! algorithm has to be one of ours and that of the provider's key.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::keys::{Algorithm, KeySet, Verdict};
use crate::model::identity::MAX_SUBJECT;

/// Longest id token that is read.
const MAX_BYTES: usize = 16 * 1024;
/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 30;

/// What a token has to say for one ceremony.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, and the other ways in which it writes its name.
    pub issuers: &'a [&'a str],
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: DateTime<Utc>,
}

/// What an authentic token says of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaims {
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    /// The organisation of a Google Workspace account.
    pub organisation: Option<String>,
}

/// Why a token is not accepted. For the operator's log: the client learns only that the provider failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("it is not a signed JWT")]
    Malformed,
    #[error("its algorithm is none of RS256, ES256 and EdDSA")]
    Algorithm,
    #[error("it demands an extension that this service does not know")]
    Critical,
    #[error("the provider has no key of its id and algorithm")]
    UnknownKey,
    #[error("its signature is not the provider's")]
    Forged,
    #[error("it names another issuer")]
    Issuer,
    #[error("it was made for another client")]
    Audience,
    #[error("it has expired, or was made in the future; compare the clocks")]
    Time,
    #[error("it was made for another log-in")]
    Nonce,
    #[error("its subject is missing, empty or too long")]
    Subject,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Whether the header has this member, with any value. Even an empty list or null is refused (RFC 7515, 4.1.11).
    #[serde(rename = "crit", default, deserialize_with = "presence")]
    has_crit: bool,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    email_verified: bool,
    hd: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

fn presence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Some providers write `"true"`.
pub fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value == true || value == "true")
}

/// The claims of `token`, if one of `keys` has signed it and it is what was `expected`.
///
/// # Errors
/// [`Rejected`]; [`Rejected::UnknownKey`] may be cured by newer keys.
pub fn verify(token: &str, keys: &KeySet, expected: Expected<'_>) -> Result<IdClaims, Rejected> {
    let (header, signed, payload, signature) = split(token).ok_or(Rejected::Malformed)?;
    if header.has_crit {
        return Err(Rejected::Critical);
    }
    let algorithm = Algorithm::named(&header.alg).ok_or(Rejected::Algorithm)?;
    match keys.verify(header.kid.as_deref(), algorithm, signed.as_bytes(), &signature) {
        Verdict::Authentic => {}
        Verdict::Forged => return Err(Rejected::Forged),
        Verdict::UnknownKey => return Err(Rejected::UnknownKey),
    }
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| Rejected::Malformed)?;
    claims.check(expected)?;
    Ok(IdClaims {
        subject: claims.sub,
        email: claims.email,
        email_verified: claims.email_verified,
        organisation: claims.hd,
    })
}

fn split(token: &str) -> Option<(Header, &str, Vec<u8>, Vec<u8>)> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
    Some((
        header,
        signed,
        BASE64.decode(payload).ok()?,
        BASE64.decode(signature).ok()?,
    ))
}

impl Claims {
    fn check(&self, expected: Expected<'_>) -> Result<(), Rejected> {
        if !expected.issuers.contains(&self.iss.as_str()) {
            return Err(Rejected::Issuer);
        }
        // A token that other clients accept too could have been given to one of them.
        let is_for_us = match &self.aud {
            Audience::One(client) => client == expected.client_id,
            Audience::Several(clients) => matches!(clients.as_slice(), [client] if client == expected.client_id),
        };
        if !is_for_us || self.azp.as_deref().is_some_and(|client| client != expected.client_id) {
            return Err(Rejected::Audience);
        }
        if !self.is_current(expected.now) {
            return Err(Rejected::Time);
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(Rejected::Nonce);
        }
        if self.sub.is_empty() || self.sub.len() > MAX_SUBJECT || self.sub.contains('\0') {
            return Err(Rejected::Subject);
        }
        Ok(())
    }

    fn is_current(&self, now: DateTime<Utc>) -> bool {
        let (earliest, latest) = (now.timestamp() - LEEWAY, now.timestamp() + LEEWAY);
        earliest < self.exp && self.iat <= latest && self.nbf.is_none_or(|start| start <= latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_any_critical_member_is_refused_before_anything_else() {
        let expected = Expected {
            issuers: &["https://sso.example.com"],
            client_id: "the-client",
            nonce: "nonce",
            now: DateTime::UNIX_EPOCH,
        };
        let verdict = |header: &str| {
            let token = format!("{}.{}.", BASE64.encode(header), BASE64.encode("{}"));
            verify(&token, &KeySet::default(), expected)
        };
        for crit in ["null", "[]", r#"["b64"]"#, r#""b64""#, "7"] {
            let header = format!(r#"{{ "alg": "EdDSA", "crit": {crit} }}"#);
            assert_eq!(verdict(&header), Err(Rejected::Critical), "{crit}");
        }
        assert_eq!(verdict(r#"{ "alg": "EdDSA" }"#), Err(Rejected::UnknownKey));
        // A member that stands there twice has no one meaning.
        assert_eq!(
            verdict(r#"{ "alg": "EdDSA", "alg": "ES256" }"#),
            Err(Rejected::Malformed)
        );
    }
}
