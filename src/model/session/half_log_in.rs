//! Half a log-in: the first factor was right, and the account asks for a second.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::identity::SessionIdentity;
use super::methods::Methods;
use super::{Lifetimes, StoredSession};
use crate::model::id::UserId;

/// How long a client may take for the second factor.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What a visitor's session remembers between the two factors. It is signed in to no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfLogIn {
    pub user_id: UserId,
    /// What is proven so far.
    pub methods: Methods,
    /// The identity of the first factor.
    pub identity: Option<SessionIdentity>,
    /// The stored identity that was the first factor. If it is removed, the half log-in ends with it.
    pub opened_by: Option<Uuid>,
    /// The account's generation of devices at the first factor. A changed password or a reset begins another one, and
    /// the half log-in ends with that.
    pub device_generation: i64,
    pub started_at: DateTime<Utc>,
}

/// The data of the visitor's session.
#[derive(Serialize, Deserialize)]
struct Data {
    half_log_in: Stored,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: UserId,
    amr: String,
    #[serde(default)]
    identity: Option<SessionIdentity>,
    #[serde(default)]
    opened_by: Option<Uuid>,
    device_generation: i64,
}

impl HalfLogIn {
    /// A visitor's session with half a log-in ends after ten minutes, used or not.
    pub const LIFETIMES: Lifetimes = Lifetimes {
        idle: LIFETIME,
        absolute: LIFETIME,
    };

    /// Whether the account still is as it was at the first factor: the same password, and no new second factor.
    #[must_use]
    pub fn still_holds(&self, device_generation: i64, second_factor_at: Option<DateTime<Utc>>) -> bool {
        device_generation == self.device_generation && second_factor_at.is_some_and(|since| since <= self.started_at)
    }

    /// The data to store in the visitor's session.
    ///
    /// # Errors
    /// Never: the text is plain JSON.
    pub fn to_data(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Data {
            half_log_in: Stored {
                user: self.user_id,
                amr: self.methods.to_column(),
                identity: self.identity.clone(),
                opened_by: self.opened_by,
                device_generation: self.device_generation,
            },
        })
    }

    /// The half log-in of a live session; `None` for one that is signed in, and for other visitors.
    #[must_use]
    pub fn of(session: &StoredSession) -> Option<Self> {
        if session.user_id.is_some() {
            return None;
        }
        let Data { half_log_in } = serde_json::from_str(&session.data).ok()?;
        Some(Self {
            user_id: half_log_in.user,
            methods: Methods::from_column(Some(&half_log_in.amr)),
            identity: half_log_in.identity,
            opened_by: half_log_in.opened_by,
            device_generation: half_log_in.device_generation,
            started_at: session.created_at,
        })
    }
}
