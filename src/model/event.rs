//! Events: what happened to an account, for its owner, for operators and for other services.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::client::Client;
use super::id::{SessionId, UserId};

macro_rules! kinds {
    ($($kind:ident = $name:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventKind {
            $($kind,)+
        }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The name by which it is stored and shown.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// The kind of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().find(|kind| kind.name() == name).copied()
            }
        }
    };
}

kinds! {
    SignUp = "sign_up",
    LogIn = "log_in",
    LogInFailed = "log_in_failed",
    LogOut = "log_out",
    SessionRevoked = "session_revoked",
    PasswordChanged = "password_changed",
    PasswordReset = "password_reset",
    EmailVerified = "email_verified",
    EmailChanged = "email_changed",
    AccountDeleted = "account_deleted",
    AccountDisabled = "account_disabled",
    AccountEnabled = "account_enabled",
    FactorAdded = "factor_added",
    FactorRemoved = "factor_removed",
    RecoveryCodeUsed = "recovery_code_used",
    PasskeyAdded = "passkey_added",
    PasskeyRemoved = "passkey_removed",
    IdentityLinked = "identity_linked",
    IdentityRemoved = "identity_removed",
    TokenReuseDetected = "token_reuse_detected",
    AdminAction = "admin_action",
}

/// The party that did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A client that acted for the account's owner, or claimed to.
    Owner,
    Operator,
    /// The service itself.
    System,
}

impl Actor {
    /// The name by which it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "self",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

/// An event to record, in the transaction of its deed.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: Uuid,
    pub kind: EventKind,
    pub at: DateTime<Utc>,
    /// `None` for an act of an operator that concerns no account.
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    pub actor: Actor,
    /// The /24 or /64 of the client. Its address and its `User-Agent` are not recorded.
    pub network: Option<String>,
    pub browser: Option<String>,
    details: BTreeMap<&'static str, String>,
}

impl Event {
    /// The detail that names the operator's credential.
    pub const OPERATOR: &'static str = "operator";
    /// The detail that names a key for the admin API as its maker did.
    pub const KEY_NAME: &'static str = "key_name";

    /// What `client` did to the account of `user`.
    #[must_use]
    pub fn by_owner(kind: EventKind, user: UserId, client: &Client, at: DateTime<Utc>) -> Self {
        Self {
            network: client.provider_range().map(|network| network.to_string()),
            browser: Some(client.family()),
            ..Self::new(kind, Some(user), Actor::Owner, at)
        }
    }

    /// An event without a client.
    #[must_use]
    pub fn new(kind: EventKind, user: Option<UserId>, actor: Actor, at: DateTime<Utc>) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind,
            at,
            user,
            session: None,
            actor,
            network: None,
            browser: None,
            details: BTreeMap::new(),
        }
    }

    /// The same event without the client's network and browser.
    #[must_use]
    pub fn of_no_client(self) -> Self {
        Self {
            network: None,
            browser: None,
            ..self
        }
    }

    /// The session that it was done in, or that it is about.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Adds a detail. Never a secret, a code, an address or text that a client chose.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &dyn Display) -> Self {
        self.details.insert(name, value.to_string());
        self
    }

    /// The details as a JSON object; `None` without any.
    #[must_use]
    pub fn data(&self) -> Option<String> {
        (!self.details.is_empty()).then(|| serde_json::json!(self.details).to_string())
    }
}

/// An event as its account's owner may see it.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct ListedEvent {
    pub id: Uuid,
    pub kind: String,
    pub happened_at: DateTime<Utc>,
    pub session_id: Option<SessionId>,
    pub actor: String,
    pub network: Option<String>,
    pub browser: Option<String>,
    /// A JSON object of texts.
    pub data: Option<String>,
}

/// A place in the order in which events were committed. Whatever is behind it is read later, and nothing is read twice.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct EventPlace {
    pub transaction: String,
    pub number: i64,
}

impl EventPlace {
    /// The place before every event.
    #[must_use]
    pub fn first() -> Self {
        Self {
            transaction: "0".to_owned(),
            number: 0,
        }
    }
}

/// Where reading the audit log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStart {
    /// With the first event that is kept.
    First,
    /// With the event that follows this one.
    After(Uuid),
    /// With the first event that happened at this time or later.
    Since(DateTime<Utc>),
    /// With the next event that happens.
    Now,
}

/// Which events an operator reads: all that fit both.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    pub user: Option<UserId>,
    /// Every kind, if it names none.
    pub kinds: Vec<EventKind>,
}

impl EventFilter {
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted.name() == kind)
    }
}

/// An event as an operator sees it.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct LoggedEvent {
    #[sqlx(flatten)]
    pub place: EventPlace,
    pub user_id: Option<UserId>,
    #[sqlx(flatten)]
    pub event: ListedEvent,
}

/// The details of stored `data` as account owners and receivers of webhooks see them: without the operator's
/// credential and the names of keys, as they tell which accounts and keys are worth an attack. Empty without any.
#[must_use]
pub fn shown_details(data: Option<&str>) -> BTreeMap<String, String> {
    let mut details = all_details(data);
    details.remove(Event::OPERATOR);
    details.remove(Event::KEY_NAME);
    details
}

/// That an account was deleted.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct Deletion {
    /// The place of its event.
    pub number: i64,
    pub user_id: UserId,
    pub happened_at: DateTime<Utc>,
}

/// The details of stored `data` as operators see them. Empty without any.
#[must_use]
pub fn all_details(data: Option<&str>) -> BTreeMap<String, String> {
    // Only `Event::data` writes this column.
    serde_json::from_str(data.unwrap_or("{}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_the_network_and_the_kind_of_browser_and_nothing_more_exact() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
        let user = UserId(Uuid::now_v7());
        for (ip, network) in [
            ("203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let client = Client::new(Some(ip.parse().unwrap()), Some(agent), None);
            let event = Event::by_owner(EventKind::LogIn, user, &client, DateTime::UNIX_EPOCH);
            assert_eq!(event.network.as_deref(), Some(network));
            assert_eq!(event.browser.as_deref(), Some("Firefox on Linux"));
            assert_eq!(event.data(), None);
        }
    }

    #[test]
    fn details_are_read_back_as_they_were_recorded_but_for_the_operator() {
        let event = Event::new(EventKind::AdminAction, None, Actor::Operator, DateTime::UNIX_EPOCH);
        let event = event.with("count", &3).with(Event::OPERATOR, &"command line");
        let event = event.with(Event::KEY_NAME, &"support desk");
        let shown = shown_details(event.data().as_deref());
        assert_eq!(shown, BTreeMap::from([("count".to_owned(), "3".to_owned())]));
        assert_eq!(shown_details(None), BTreeMap::new());
    }
}
