//! `/.well-known/jwks.json`: the keys with which other services verify access tokens (RFC 7517).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::api::tag::Tag;
use crate::app::App;
use crate::model::token::signing_key::PUBLISHED_MAX_AGE;

pub struct JwksApi(pub App);

/// The public keys. A key is listed before it signs its first token and until the last token it signed has expired.
#[derive(Debug, Object)]
#[oai(example)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// A public key on the curve P-256.
#[derive(Debug, Object)]
pub struct Jwk {
    kty: String,
    crv: String,
    #[oai(rename = "use")]
    purpose: String,
    alg: String,
    kid: String,
    x: String,
    y: String,
}

#[derive(ApiResponse)]
enum JwksResponse {
    /// The public keys. Cache them for as long as `Cache-Control` says.
    #[oai(status = 200)]
    Keys(Json<JwkSet>, #[oai(header = "Cache-Control")] String),
}

#[OpenApi(tag = "Tag::Tokens")]
impl JwksApi {
    /// Get the keys that verify access tokens
    ///
    /// Returns the public keys as a JWK set (RFC 7517). Choose the key by the token's `kid`, and accept only `ES256`.
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "getJwks")]
    async fn get_jwks(&self) -> JwksResponse {
        let published = self.0.tokens.keys.published(self.0.clock.now());
        let keys = published
            .iter()
            .map(|(kid, public_key)| Jwk::of(kid, public_key))
            .collect();
        let max_age = format!("public, max-age={}", PUBLISHED_MAX_AGE.num_seconds());
        JwksResponse::Keys(Json(JwkSet { keys }), max_age)
    }
}

impl Jwk {
    /// `point` is uncompressed: the byte 4, then x and y.
    fn of(kid: &str, point: &[u8]) -> Self {
        let (x, y) = point[1..].split_at(32);
        Self {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            purpose: "sig".to_owned(),
            alg: "ES256".to_owned(),
            kid: kid.to_owned(),
            x: BASE64.encode(x),
            y: BASE64.encode(y),
        }
    }
}

impl Example for JwkSet {
    fn example() -> Self {
        // The base point of the curve: a valid point that no service uses as its key.
        let x = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY".to_owned();
        let y = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU".to_owned();
        Self {
            keys: vec![Jwk {
                x,
                y,
                ..Jwk::of("3xR9-hC0nPd5a1Ws", &[4; 65])
            }],
        }
    }
}
