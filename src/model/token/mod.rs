//! What tokens say, and which of what they say is believed.

pub mod signing_key;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::SessionId;
use super::id::UserId;

/// How long an access token is good for, unless its session ends before.
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// A refresh token that was used less than this long ago gives the same successor again, so that two tabs that refresh at
/// once both stay signed in.
pub const ROTATION_GRACE: TimeDelta = TimeDelta::seconds(10);
/// How far another instance's clock may be ahead.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);
/// Longest token that is looked at, in bytes; ours take a tenth of it.
pub const MAX_BYTES: usize = 4096;

/// The two kinds of token. Each is signed by its own algorithm with its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    Access,
    Refresh,
}

/// What every token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub token_type: TokenType,
    pub iss: String,
    pub sub: UserId,
    /// The account's number, by which Django-style services know it.
    pub user_id: i64,
    pub sid: SessionId,
    pub jti: Uuid,
    pub iat: i64,
    pub exp: i64,
    /// How often the session's refresh token was rotated; refresh tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

impl Claims {
    /// Whether authentic claims are good `now` as a token of this type from this issuer.
    #[must_use]
    pub fn are_good(&self, token_type: TokenType, issuer: &str, now: DateTime<Utc>) -> bool {
        self.token_type == token_type
            && self.iss == issuer
            && self.exp > now.timestamp()
            && self.iat <= (now + LEEWAY).timestamp()
    }
}

/// How far the refresh tokens of a session have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Rotation {
    pub generation: i64,
    pub rotated_at: DateTime<Utc>,
}

impl Rotation {
    /// Whether a token of `generation` was the current one until so recently that it may still be used.
    #[must_use]
    pub fn accepts_previous(&self, generation: i64, now: DateTime<Utc>) -> bool {
        generation == self.generation - 1 && now - self.rotated_at <= ROTATION_GRACE
    }
}

/// What a client of the token API gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub access: String,
    pub refresh: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_generation_is_forgiven_for_ten_seconds() {
        let rotation = Rotation {
            generation: 3,
            rotated_at: DateTime::UNIX_EPOCH,
        };
        let after = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert!(rotation.accepts_previous(2, after(0)));
        assert!(rotation.accepts_previous(2, after(10)));
        assert!(!rotation.accepts_previous(2, after(11)));
        assert!(!rotation.accepts_previous(1, after(0)));
        assert!(!rotation.accepts_previous(3, after(0)));
    }
}
