//! The public keys of a provider (RFC 7517), and the signatures that they verify. Three algorithms are accepted: those
//! with which providers sign today, all of them asymmetric.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// Keys of one provider that are kept; providers publish two to five.
pub const MAX_KEYS: usize = 32;
/// RSA keys are at least this long, in bytes, and `ring` refuses those beyond 8,192 bits.
const SHORTEST_RSA_MODULUS: usize = 256;

/// A signature algorithm of RFC 7518 or RFC 8037. A token's header names one, and has to name that of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// The names of all of them, for sentences.
    pub const NAMES: &str = "RS256, ES256 or EdDSA";

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// The keys of one provider that can be used.
#[derive(Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    kid: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A key set as a provider publishes it.
#[derive(Debug, Deserialize)]
pub struct Published {
    keys: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// What the keys say of a signature.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Authentic,
    Forged,
    /// No key of that id and algorithm is known; the provider may have published one since.
    UnknownKey,
}

impl KeySet {
    /// The keys that can be used. Those of another kind or use, and those that can't be read, are skipped.
    #[must_use]
    pub fn of(published: Published) -> Self {
        let keys = published.keys.into_iter();
        Self(keys.filter_map(Key::read).take(MAX_KEYS).collect())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Verifies `signature` with the one key that has the id `kid` and is for `algorithm`. A token without a `kid`
    /// needs a provider with one key for its algorithm.
    #[must_use]
    pub fn verify(&self, kid: Option<&str>, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> Verdict {
        let is_named = |key: &&Key| kid.is_none() || key.kid.as_deref() == kid;
        let mut named = self
            .0
            .iter()
            .filter(|key| key.material.algorithm() == algorithm)
            .filter(is_named);
        match (named.next(), named.next()) {
            (Some(key), None) if key.material.verify(signed, signature) => Verdict::Authentic,
            (Some(_), None) => Verdict::Forged,
            // Two keys of one id are ambiguous, so neither counts.
            _ => Verdict::UnknownKey,
        }
    }
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let is_for_signatures = jwk.r#use.as_deref().is_none_or(|usage| usage == "sig")
            && jwk
                .key_ops
                .as_ref()
                .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        let material = Material::of(&jwk)?;
        let is_for_algorithm = jwk
            .alg
            .as_deref()
            .is_none_or(|name| Algorithm::named(name) == Some(material.algorithm()));
        (is_for_signatures && is_for_algorithm).then_some(Self { kid: jwk.kid, material })
    }
}

impl Material {
    fn of(jwk: &Jwk) -> Option<Self> {
        let bytes = |field: &Option<String>| BASE64.decode(field.as_deref()?).ok();
        match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (modulus, exponent) = (bytes(&jwk.n)?, bytes(&jwk.e)?);
                (modulus.len() >= SHORTEST_RSA_MODULUS).then_some(Self::Rsa { modulus, exponent })
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
                (x.len() == 32 && y.len() == 32).then(|| Self::P256([&[4], x.as_slice(), &y].concat()))
            }
            ("OKP", Some("Ed25519")) => bytes(&jwk.x).filter(|x| x.len() == 32).map(Self::Ed25519),
            _ => None,
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
            Self::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            Self::Ed25519(point) => UnparsedPublicKey::new(&signature::ED25519, point).verify(signed, signature),
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    fn pair() -> (Ed25519KeyPair, String) {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let x = BASE64.encode(pair.public_key());
        (pair, x)
    }

    fn verdict(keys: &Value, kid: Option<&str>, pair: &Ed25519KeyPair) -> Verdict {
        let keys = KeySet::of(serde_json::from_value(json!({ "keys": keys })).unwrap());
        keys.verify(kid, Algorithm::EdDsa, b"signed", pair.sign(b"signed").as_ref())
    }

    #[test]
    fn keys_that_cannot_be_read_or_are_for_something_else_are_skipped() {
        let (pair, x) = pair();
        let good = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x });
        assert_eq!(verdict(&json!([good]), Some("a"), &pair), Verdict::Authentic);
        let rubbish = json!([7, {}, { "kty": "RSA", "kid": "a", "n": "!", "e": "AQAB" }, { "kty": "oct", "k": "AAAA" },
            { "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }, { "kty": "OKP", "crv": "X25519", "x": x }, good]);
        assert_eq!(verdict(&rubbish, Some("a"), &pair), Verdict::Authentic);
        for (name, value) in [
            ("use", json!("enc")),
            ("alg", json!("ES256")),
            ("alg", json!("HS256")),
            ("key_ops", json!(["sign"])),
            ("x", json!(BASE64.encode([0; 31]))),
            ("crv", json!("Ed448")),
        ] {
            let mut key = good.clone();
            key[name] = value;
            assert_eq!(verdict(&json!([key]), Some("a"), &pair), Verdict::UnknownKey, "{key}");
        }
    }

    #[test]
    fn a_token_names_its_key_unless_there_is_only_one() {
        let ((pair, x), (other, y)) = (pair(), pair());
        let key = |kid: &str, x: &str| json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "alg": "EdDSA" });
        let both = json!([key("a", &x), key("b", &y)]);
        assert_eq!(verdict(&both, Some("a"), &pair), Verdict::Authentic);
        assert_eq!(verdict(&both, Some("b"), &pair), Verdict::Forged);
        assert_eq!(verdict(&both, Some("b"), &other), Verdict::Authentic);
        assert_eq!(verdict(&both, Some("c"), &pair), Verdict::UnknownKey);
        assert_eq!(verdict(&both, None, &pair), Verdict::UnknownKey);
        assert_eq!(verdict(&json!([key("a", &x)]), None, &pair), Verdict::Authentic);
        let twice = json!([key("a", &x), key("a", &y)]);
        assert_eq!(verdict(&twice, Some("a"), &pair), Verdict::UnknownKey);
    }

    #[test]
    fn a_provider_with_thousands_of_keys_gets_the_first_few_kept() {
        let (pair, x) = pair();
        let key = |number: usize| json!({ "kty": "OKP", "crv": "Ed25519", "kid": number.to_string(), "x": x });
        let many: Vec<_> = (0..5000).map(key).collect();
        let kept = KeySet::of(serde_json::from_value(json!({ "keys": many })).unwrap());
        assert_eq!(kept.0.len(), MAX_KEYS);
        assert_eq!(verdict(&json!(many), Some("31"), &pair), Verdict::Authentic);
        assert_eq!(verdict(&json!(many), Some("32"), &pair), Verdict::UnknownKey);
    }
}
