//! Claims of tokens, and which of them are valid.

pub mod audience;
pub mod signing_key;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::SessionId;
use super::id::UserId;
use audience::Audience;

/// How long an access token is valid, unless its session ends first.
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// The previous refresh token gives the same successor for this long, so that two tabs that refresh at once both stay
/// signed in.
pub const ROTATION_GRACE: TimeDelta = TimeDelta::seconds(10);
/// How far another instance's clock may be ahead.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);
/// Longest token that is read, in bytes; ours are a tenth of it.
pub const MAX_BYTES: usize = 4096;

/// The two kinds of token. Each has its own algorithm and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    Access,
    Refresh,
}

/// The claims of every token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub token_type: TokenType,
    pub iss: String,
    pub sub: UserId,
    /// The account's number, as Django-style services use it.
    pub user_id: i64,
    pub sid: SessionId,
    pub jti: Uuid,
    pub iat: i64,
    pub exp: i64,
    /// The service that an access token was asked for; it opens no other service, this one included (OWASP ASVS
    /// v5.0.0-9.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// The last time at which the session's client proved to be the account's owner; access tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How it proved that; access tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// How many times the session's refresh token was rotated; refresh tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

impl Claims {
    /// Whether verified claims are valid `now` for a token of this type from this issuer, and for no other audience.
    #[must_use]
    pub fn are_valid(&self, token_type: TokenType, issuer: &str, now: DateTime<Utc>) -> bool {
        self.token_type == token_type
            && self.iss == issuer
            && self.aud.is_none()
            && self.exp > now.timestamp()
            && self.iat <= (now + LEEWAY).timestamp()
    }
}

/// The state of a session's refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Rotation {
    pub generation: i64,
    pub rotated_at: DateTime<Utc>,
}

impl Rotation {
    /// Whether a token of `generation` is the previous one and still within the grace period. A clock that was set back
    /// does not prolong it.
    #[must_use]
    pub fn accepts_previous(&self, generation: i64, now: DateTime<Utc>) -> bool {
        generation == self.generation - 1 && (now - self.rotated_at).abs() <= ROTATION_GRACE
    }
}

/// The tokens for a client of the token API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub access: String,
    pub refresh: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_generation_is_accepted_for_ten_seconds() {
        let rotation = Rotation {
            generation: 3,
            rotated_at: DateTime::UNIX_EPOCH,
        };
        let after = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert!(rotation.accepts_previous(2, after(0)));
        assert!(rotation.accepts_previous(2, after(10)));
        assert!(!rotation.accepts_previous(2, after(11)));
        assert!(!rotation.accepts_previous(2, after(-11)));
        assert!(!rotation.accepts_previous(1, after(0)));
        assert!(!rotation.accepts_previous(3, after(0)));
    }
}
