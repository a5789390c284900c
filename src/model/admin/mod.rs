//! Operators: what they act with, what they may do, and how events name them.

pub mod key;
pub mod moment;
pub mod place;
pub mod search;

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::client::Client;
use super::event::{Actor, Event, EventKind};
use super::id::UserId;

/// What an operator acts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An admin key with this id.
    Key(Uuid),
    /// A session of an account that has the admin right.
    Account(UserId),
    /// The command line, on the database itself.
    CommandLine,
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key {id}"),
            Self::Account(UserId(id)) => write!(f, "account {id}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// An operator that may do what is asked.
#[derive(Debug, Clone)]
pub struct Operator {
    pub credential: Credential,
    /// `None` on the command line.
    pub client: Option<Client>,
}

impl Operator {
    /// The operator at the command line.
    #[must_use]
    pub fn at_command_line() -> Self {
        Self {
            credential: Credential::CommandLine,
            client: None,
        }
    }

    /// Whether it may change accounts that have the admin right. Otherwise a stolen key or session could take over the
    /// others.
    #[must_use]
    pub fn may_change_admins(&self) -> bool {
        self.credential == Credential::CommandLine
    }

    /// What the operator did `at` this time, to the account of `user` if it concerns one.
    #[must_use]
    pub fn event(&self, kind: EventKind, user: Option<UserId>, at: DateTime<Utc>) -> Event {
        let mut event = Event::new(kind, user, Actor::Operator, at);
        let network = self.client.as_ref().and_then(Client::provider_range);
        event.network = network.map(|network| network.to_string());
        event.browser = self.client.as_ref().map(Client::family);
        event.with(Event::OPERATOR, &self.credential)
    }

    /// An act that has no kind of its own.
    #[must_use]
    pub fn action(&self, action: &'static str, user: Option<UserId>, at: DateTime<Utc>) -> Event {
        self.event(EventKind::AdminAction, user, at).with("action", &action)
    }
}

/// The credential does not permit what was asked: a key without the scope, an account without the right, or an account
/// with the right that only the command line changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential does not permit this")]
pub struct NotPermitted;

/// What an operation of the admin API needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}
