//! Webhooks: other services that are told of events, by the rules of Standard Webhooks.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;
use uuid::Uuid;

use super::event::EventKind;
use super::id::{SessionId, UserId};

/// Pauses before the attempts that follow the first. After the last one the webhook is disabled.
const PAUSES: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// A webhook as it is stored.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct Webhook {
    pub id: Uuid,
    pub url: String,
    /// Kinds of events, separated by commas; empty for all.
    pub types: String,
    pub sealed_secret: Vec<u8>,
    pub sealed_previous: Option<Vec<u8>>,
    pub previous_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub disabled_reason: Option<String>,
    pub cursor_transaction: String,
    pub cursor_number: i64,
}

/// The address or the kinds of events are not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhook {
    #[error("the address must be a URL with https, without a user name and a password, of at most 2048 bytes")]
    Url,
    #[error("there is no event of the type `{0}`")]
    Type(String),
}

impl Webhook {
    /// Most webhooks that there may be.
    pub const MOST: i64 = 50;
    /// Most events that wait for one webhook. Later ones stay in the audit log until there is room.
    pub const MOST_WAITING: i64 = 10_000;
    /// Longest address, in bytes.
    pub const URL_LENGTH: usize = 2048;
    /// For how long a secret is still used beside the one that replaced it.
    pub const OVERLAP: TimeDelta = TimeDelta::hours(24);
    /// Events of one webhook that are sent at the same time.
    pub const AT_ONCE: i64 = 4;
    /// For how long a delivery belongs to the instance that claimed it: longer than an attempt takes.
    pub const LEASE: TimeDelta = TimeDelta::minutes(1);

    /// Checks the address and the types of a new webhook; returns the types as they are stored.
    ///
    /// # Errors
    /// [`InvalidWebhook`].
    pub fn check(url: &str, types: &[String]) -> Result<String, InvalidWebhook> {
        let url = Url::parse(url).map_err(|_| InvalidWebhook::Url)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !is_plain || url.as_str().len() > Self::URL_LENGTH {
            return Err(InvalidWebhook::Url);
        }
        Self::check_types(types)
    }

    /// Checks types of events; returns them as they are stored.
    ///
    /// # Errors
    /// [`InvalidWebhook::Type`].
    pub fn check_types(types: &[String]) -> Result<String, InvalidWebhook> {
        if let Some(unknown) = types.iter().find(|name| EventKind::named(name).is_none()) {
            return Err(InvalidWebhook::Type(unknown.clone()));
        }
        Ok(types.join(","))
    }

    /// Whether it is told of this kind of event.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.types.is_empty() || self.types.split(',').any(|wanted| wanted == kind)
    }
}

/// An event with its place in the order of commits.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct PlacedEvent {
    pub id: Uuid,
    pub user_id: Option<UserId>,
    pub kind: String,
    pub happened_at: DateTime<Utc>,
    pub transaction: String,
    pub number: i64,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct Delivery {
    pub position: i64,
    pub event_id: Uuid,
    /// That failed before this one.
    pub attempts: i64,
    pub kind: String,
    pub happened_at: DateTime<Utc>,
    pub user_id: Option<UserId>,
    pub session_id: Option<SessionId>,
    pub actor: String,
    /// A JSON object of texts.
    pub data: Option<String>,
}

/// What a webhook was told of an event, or will be.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct ListedDelivery {
    pub position: i64,
    pub event_id: Uuid,
    pub kind: String,
    pub happened_at: DateTime<Utc>,
    /// That failed.
    pub attempts: i64,
    pub due_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub last_status: Option<i64>,
}

impl Delivery {
    /// The pause before the next attempt; `None` after the last one. Events differ a little, so that those that failed
    /// together don't come back together.
    #[must_use]
    pub fn pause(&self) -> Option<TimeDelta> {
        let pause = *PAUSES.get(usize::try_from(self.attempts).unwrap_or(usize::MAX))?;
        let share = i32::from(self.event_id.as_bytes()[15]);
        Some(pause + pause * share / 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_known_types_are_accepted() {
        let types = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            Webhook::check("https://example.com/hook", &types(&["log_in", "log_out"])).as_deref(),
            Ok("log_in,log_out")
        );
        for url in [
            "http://example.com",
            "example.com",
            "https://me:secret@example.com",
            "ftp://example.com",
            &format!("https://example.com/{}", "x".repeat(Webhook::URL_LENGTH)),
        ] {
            assert_eq!(Webhook::check(url, &[]), Err(InvalidWebhook::Url), "{url}");
        }
        let unknown = Webhook::check("https://example.com", &types(&["log"]));
        assert_eq!(unknown, Err(InvalidWebhook::Type("log".to_owned())));
    }

    #[test]
    fn attempts_go_on_for_three_days_and_then_end() {
        let mut delivery = Delivery {
            position: 1,
            event_id: Uuid::nil(),
            attempts: 0,
            kind: String::new(),
            happened_at: DateTime::UNIX_EPOCH,
            user_id: None,
            session_id: None,
            actor: String::new(),
            data: None,
        };
        let mut all = TimeDelta::zero();
        while let Some(pause) = delivery.pause() {
            all += pause;
            delivery.attempts += 1;
        }
        assert_eq!(delivery.attempts, 9, "the tenth attempt is the last");
        assert!((TimeDelta::days(3)..TimeDelta::days(4)).contains(&all), "{all}");
    }
}
