//! Mails that wait in the outbox.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::model::id::UserId;

/// A mail to be stored.
#[derive(Debug)]
pub struct NewMail {
    pub id: Uuid,
    /// The account with which the mail is deleted; `None` for a mail that is sent in any case.
    pub user_id: Option<UserId>,
    pub sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    /// When to send it first.
    pub due_at: DateTime<Utc>,
    pub give_up_at: DateTime<Utc>,
}

/// A mail that this instance has claimed to send.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ClaimedMail {
    pub id: Uuid,
    pub sealed: Vec<u8>,
    /// Number of attempts, this one included.
    pub attempts: i64,
}

impl ClaimedMail {
    /// How long no other instance tries: longer than any attempt takes.
    pub const LEASE: TimeDelta = TimeDelta::minutes(5);

    const IMPATIENT_ATTEMPTS: i64 = 16;

    /// How long to wait after a failed attempt: a second, then twice as long each time, up to a minute; an hour once
    /// that has gone on for longer than a code is valid.
    #[must_use]
    pub fn back_off(&self) -> TimeDelta {
        if self.attempts > Self::IMPATIENT_ATTEMPTS {
            return TimeDelta::hours(1);
        }
        let doublings = u32::try_from(self.attempts - 1).unwrap_or(0).min(6);
        TimeDelta::seconds(1_i64 << doublings).min(TimeDelta::minutes(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_doubles_up_to_a_minute() {
        let waits: Vec<_> = (1..9)
            .map(|attempts| {
                let mail = ClaimedMail {
                    id: Uuid::nil(),
                    sealed: Vec::new(),
                    attempts,
                };
                mail.back_off().num_seconds()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        let late = ClaimedMail {
            id: Uuid::nil(),
            sealed: Vec::new(),
            attempts: 17,
        };
        assert_eq!(late.back_off(), TimeDelta::hours(1));
    }
}
