//! One walk to a provider and back.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::model::id::{SessionId, UserId};

/// How long a person may take at the provider.
pub const CEREMONY_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What the browser carries, sealed, from the start to the callback. Nothing is stored for it, so that starting one
/// costs an attacker as much as the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceremony {
    pub provider: String,
    /// Comes back in the callback's address: it shows that this browser started the ceremony.
    pub state: String,
    /// Comes back inside the signed id token: it shows that the token was made for this ceremony.
    pub nonce: String,
    /// Only the client that knows it can redeem the code (PKCE, RFC 7636).
    pub verifier: String,
    /// The page to open afterwards.
    pub return_to: String,
    /// The session that asked to link an identity; `None` for a log-in.
    pub link: Option<Link>,
    pub expires_at: DateTime<Utc>,
}

/// Which session asked to link an identity to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub user: UserId,
    pub session: SessionId,
}

impl Ceremony {
    #[must_use]
    pub fn began_at(&self) -> DateTime<Utc> {
        self.expires_at - CEREMONY_LIFETIME
    }

    /// Whether it is alive `now`. A clock that was set back does not keep it alive for longer.
    #[must_use]
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        let left = self.expires_at - now;
        left > TimeDelta::zero() && left <= CEREMONY_LIFETIME
    }
}

/// The parameters with which a provider sends the browser back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callback {
    pub code: Option<String>,
    pub state: Option<String>,
    /// The provider that answers (RFC 9207).
    pub issuer: Option<String>,
    pub error: Option<String>,
}

impl Callback {
    /// Longest parameter that is looked at, in bytes.
    const LONGEST: usize = 4096;

    /// Whether a request with these parameters comes from a provider and not from a link of ours.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.code.is_some() || self.state.is_some() || self.error.is_some()
    }

    /// Whether no parameter is too long to be one.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let mut all = [&self.code, &self.state, &self.issuer, &self.error]
            .into_iter()
            .flatten();
        all.all(|text| text.len() <= Self::LONGEST)
    }
}
