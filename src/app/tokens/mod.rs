//! Issues tokens and verifies them.

mod jws;
pub mod signing_keys;

use chrono::{DateTime, Utc};
use ring::{digest, hmac};
use uuid::Uuid;

use super::sealing::{Sealer, derive, previous_signing_key};
use crate::model::secret_key::SecretKey;
use crate::model::session::SignedIn;
use crate::model::token::audience::Audience;
use crate::model::token::signing_key::StoredKey;
use crate::model::token::{ACCESS_LIFETIME, Claims, Rotation, TokenPair, TokenType};
use crate::store::Db;
use jws::Unverified;
use signing_keys::SigningKeys;

const REFRESH_TOKENS: &[u8] = b"neptun-auth 1: refresh tokens";

/// Issues tokens in the name of one issuer and verifies them.
#[derive(Debug)]
pub struct Tokens {
    issuer: String,
    /// The services that tokens can be asked for.
    audiences: Vec<Audience>,
    refresh_key: hmac::Key,
    previous_refresh_key: Option<hmac::Key>,
    pub keys: SigningKeys,
}

/// Checks that `secret` is the key under which the signing keys of a database were encrypted.
///
/// # Errors
/// When it is another one.
pub fn check_secret(secret: &SecretKey, stored: Vec<StoredKey>) -> anyhow::Result<()> {
    signing_keys::check(&sealer(&secret.alone())?, stored)
}

/// A key that signs from `now` on, for a database in which no other key may sign any more.
///
/// # Errors
/// When the system has no randomness to give.
pub fn first_signing_key(secret: &SecretKey, number: i64, now: DateTime<Utc>) -> anyhow::Result<StoredKey> {
    signing_keys::generate(&sealer(&secret.alone())?, number, now, now)
}

pub fn sealer(secret: &SecretKey) -> anyhow::Result<Sealer> {
    Sealer::new(secret, b"neptun-auth 1: sealing of signing keys")
}

impl Tokens {
    /// `issuer` is the public URL without a final slash; tokens can be asked for any of `audiences`.
    ///
    /// # Errors
    /// When the stored signing keys can't be decrypted with `secret`.
    pub async fn new(
        db: Db,
        secret: &SecretKey,
        issuer: String,
        audiences: Vec<Audience>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let sealer = sealer(secret)?;
        Ok(Self {
            issuer,
            audiences,
            refresh_key: hmac::Key::new(hmac::HMAC_SHA256, &derive(secret, REFRESH_TOKENS)?),
            previous_refresh_key: previous_signing_key(secret, REFRESH_TOKENS)?,
            keys: SigningKeys::load(db, sealer, now).await?,
        })
    }

    /// A new access token of a session, and its refresh token for `rotation`.
    pub fn pair(&self, signed_in: &SignedIn, rotation: Rotation, now: DateTime<Utc>) -> anyhow::Result<TokenPair> {
        Ok(TokenPair {
            access: self.access(signed_in, None, now)?.0,
            refresh: self.refresh(signed_in, rotation)?,
        })
    }

    /// The configured audience of this name.
    #[must_use]
    pub fn audience(&self, name: &str) -> Option<&Audience> {
        self.audiences.iter().find(|audience| audience.as_str() == name)
    }

    /// A new access token, and when it expires. One with an audience is for that service alone.
    pub fn access(
        &self,
        signed_in: &SignedIn,
        audience: Option<&Audience>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(String, DateTime<Utc>)> {
        let expires_at = (now + ACCESS_LIFETIME).min(signed_in.expires_at());
        let claims = Claims {
            aud: audience.cloned(),
            auth_time: Some(signed_in.authenticated_at.timestamp()),
            amr: Some(signed_in.methods.names().into_iter().map(Into::into).collect()),
            ..self.claims(TokenType::Access, signed_in, Uuid::now_v7(), now, expires_at)
        };
        let (keys, index) = self.keys.signing(now)?;
        let key = &keys[index];
        Ok((jws::sign_es256(&claims, &key.kid, &key.pair)?, expires_at))
    }

    /// The refresh token of a session for `rotation`. It depends only on these two, so the service can issue the same
    /// token again without storing it.
    fn refresh(&self, signed_in: &SignedIn, rotation: Rotation) -> anyhow::Result<String> {
        let named = format!("{} {}", signed_in.session_id.0, rotation.generation);
        let digest = digest::digest(&digest::SHA256, named.as_bytes());
        let mut jti = [0; 16];
        jti.copy_from_slice(&digest.as_ref()[..16]);
        let jti = uuid::Builder::from_custom_bytes(jti).into_uuid();
        let claims = self.claims(
            TokenType::Refresh,
            signed_in,
            jti,
            rotation.rotated_at,
            signed_in.absolute_expires_at,
        );
        jws::sign_hs256(
            &Claims {
                generation: Some(rotation.generation),
                ..claims
            },
            &self.refresh_key,
        )
    }

    fn claims(
        &self,
        token_type: TokenType,
        signed_in: &SignedIn,
        jti: Uuid,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Claims {
        Claims {
            token_type,
            iss: self.issuer.clone(),
            sub: signed_in.user_id,
            user_id: signed_in.user_number,
            sid: signed_in.session_id,
            jti,
            iat: issued_at.timestamp(),
            exp: expires_at.timestamp(),
            aud: None,
            auth_time: None,
            amr: None,
            generation: None,
        }
    }

    /// The claims of an access token, if this service signed it and it is valid `now`. Does not check whether its
    /// session is alive.
    #[must_use]
    pub fn check_access(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let unverified = Unverified::parse(token)?;
        let public_key = self.keys.verifying(unverified.kid()?, now)?;
        let claims = unverified.verify_es256(&public_key)?;
        claims.are_valid(TokenType::Access, &self.issuer, now).then_some(claims)
    }

    /// The claims of a refresh token and its generation, if this service signed it and it is valid `now`. Does not
    /// check whether its session is alive.
    #[must_use]
    pub fn check_refresh(&self, token: &str, now: DateTime<Utc>) -> Option<(Claims, i64)> {
        let unverified = Unverified::parse(token)?;
        let mut keys = [&self.refresh_key].into_iter().chain(&self.previous_refresh_key);
        let claims = keys.find_map(|key| unverified.verify_hs256(key))?;
        let generation = claims.generation?;
        claims
            .are_valid(TokenType::Refresh, &self.issuer, now)
            .then_some((claims, generation))
    }
}
