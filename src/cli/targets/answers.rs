//! What the admin API answers, as the store has it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::model::event::{EventPlace, ListedEvent, LoggedEvent};
use crate::model::id::{SessionId, UserId};
use crate::model::session::ListedSession;
use crate::model::user::listed::ListedUser;

#[derive(Debug, Deserialize)]
pub struct User {
    id: UserId,
    number: i64,
    email: String,
    email_verified_at: Option<DateTime<Utc>>,
    pending_email: Option<String>,
    has_password: bool,
    second_factor_at: Option<DateTime<Utc>>,
    passkeys: i64,
    identities: i64,
    username: Option<String>,
    first_name: String,
    last_name: String,
    number_phone: Option<String>,
    disabled_at: Option<DateTime<Utc>>,
    admin_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    last_log_in_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct Users {
    pub users: Vec<User>,
    #[serde(default)]
    pub next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Invitation {
    pub user: User,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct RecoveryLink {
    pub key: String,
    pub url: Option<String>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct Session {
    id: SessionId,
    kind: String,
    created_at: DateTime<Utc>,
    authenticated_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Ended {
    pub ended: u64,
    #[serde(default)]
    pub next: Option<Uuid>,
}

#[derive(Debug, Deserialize)]
pub struct Event {
    id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    happened_at: DateTime<Utc>,
    actor: String,
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    session_id: Option<SessionId>,
    #[serde(default)]
    network: Option<String>,
    #[serde(default)]
    browser: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Events {
    pub events: Vec<Event>,
    #[serde(default)]
    pub next: Option<String>,
}

impl From<User> for ListedUser {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            number: user.number,
            // The API keeps the canonical forms to itself, and no command shows them.
            email_canonical: String::new(),
            username_canonical: None,
            email: user.email,
            email_verified_at: user.email_verified_at,
            pending_email: user.pending_email,
            has_password: user.has_password,
            second_factor_at: user.second_factor_at,
            passkeys: user.passkeys,
            identities: user.identities,
            username: user.username,
            first_name: user.first_name,
            last_name: user.last_name,
            number_phone: user.number_phone,
            disabled_at: user.disabled_at,
            admin_at: user.admin_at,
            created_at: user.created_at,
            last_log_in_at: user.last_log_in_at,
        }
    }
}

impl From<Session> for ListedSession {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            kind: session.kind,
            created_at: session.created_at,
            authenticated_at: Some(session.authenticated_at),
            amr: None,
            last_seen_at: session.last_seen_at,
            idle_expires_at: session.expires_at,
            ip: session.ip,
            user_agent: session.user_agent,
        }
    }
}

impl From<Event> for LoggedEvent {
    fn from(event: Event) -> Self {
        Self {
            // The reader goes on from the place of the page.
            place: EventPlace::first(),
            user_id: event.user_id,
            event: ListedEvent {
                id: event.id,
                kind: event.kind,
                happened_at: event.happened_at,
                session_id: event.session_id,
                actor: event.actor,
                network: event.network,
                browser: event.browser,
                data: Some(serde_json::json!(event.data).to_string()),
            },
        }
    }
}
