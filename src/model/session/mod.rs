//! Sessions: the stored row and the rules of its life.

pub mod cookie;
pub mod ended;
pub mod half_log_in;
pub mod identity;
mod lifetimes;
pub mod methods;
pub mod secret;
pub mod started;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::client::Client;
use super::id::{SessionId, UserId};
use super::limit::attempt::Bucket;
use super::user::email::shown;
use super::user::password::PasswordHash;
use identity::SessionIdentity;
pub use lifetimes::Lifetimes;
use methods::Methods;
use secret::{SecretHash, SessionSecret};

/// The transport of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// A browser's cookie.
    Cookie,
    /// A refresh token and the access tokens that it gives.
    Token,
}

impl SessionKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
        }
    }
}

/// How many sessions of each kind one account may have: its list and its export stay short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCaps {
    pub cookies: u32,
    pub tokens: u32,
}

impl SessionCaps {
    #[must_use]
    pub fn of(self, kind: SessionKind) -> u32 {
        match kind {
            SessionKind::Cookie => self.cookies,
            SessionKind::Token => self.tokens,
        }
    }

    /// The sessions of both kinds together.
    #[must_use]
    pub fn total(self) -> u32 {
        self.cookies.saturating_add(self.tokens)
    }
}

/// A session to be stored.
#[derive(Debug)]
pub struct NewSession {
    pub id: SessionId,
    /// `None` for a session with tokens.
    pub secret_hash: Option<SecretHash>,
    /// `None` for a visitor's session, before a log-in.
    pub user_id: Option<UserId>,
    pub kind: SessionKind,
    /// What the client has proven; nothing in a visitor's session.
    pub methods: Methods,
    pub identity: Option<SessionIdentity>,
    pub created_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
    pub client: Client,
}

impl NewSession {
    /// A session with a cookie that contains `secret`, starting `now`.
    #[must_use]
    pub fn cookie(
        secret: SessionSecret,
        user_id: Option<UserId>,
        methods: Methods,
        client: Client,
        lifetimes: &Lifetimes,
        now: DateTime<Utc>,
    ) -> Self {
        let absolute_expires_at = now + lifetimes.absolute;
        Self {
            id: SessionId(Uuid::now_v7()),
            secret_hash: Some(secret.hash()),
            user_id,
            kind: SessionKind::Cookie,
            methods,
            identity: None,
            created_at: now,
            idle_expires_at: lifetimes.idle_deadline(now, absolute_expires_at),
            absolute_expires_at,
            client,
        }
    }

    /// A session with tokens. It has no idle time-out: an app on a phone may rest for weeks.
    #[must_use]
    pub fn token(user_id: UserId, methods: Methods, client: Client, lifetimes: &Lifetimes, now: DateTime<Utc>) -> Self {
        let absolute_expires_at = now + lifetimes.absolute;
        Self {
            id: SessionId(Uuid::now_v7()),
            secret_hash: None,
            user_id: Some(user_id),
            kind: SessionKind::Token,
            methods,
            identity: None,
            created_at: now,
            idle_expires_at: absolute_expires_at,
            absolute_expires_at,
            client,
        }
    }
}

/// The session of a log-in whose password was right.
#[derive(Debug)]
pub struct LogInSession<'a> {
    pub session: &'a NewSession,
    /// The hash that the password was verified against.
    pub verified: &'a PasswordHash,
    /// The hash to store: the same, or a stronger one of the same password.
    pub current: &'a PasswordHash,
    /// The failed-attempt bucket to clear, if the attempt was counted.
    pub counted: Option<&'a Bucket>,
}

/// What came of storing a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is stored; the number of its account.
    Session(i64),
    /// The account has no room for another one.
    NoRoom,
    /// There is no account for it, or the gate is closed to it.
    Nothing,
}

/// A live session as it is stored, with the data of a visitor.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct StoredSession {
    pub id: SessionId,
    pub user_id: Option<UserId>,
    pub user_number: Option<i64>,
    pub email: Option<String>,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub password_breached_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub authenticated_at: Option<DateTime<Utc>>,
    pub amr: Option<String>,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
    /// A JSON object.
    pub data: String,
}

impl StoredSession {
    /// The session with its account; `None` for a visitor's session.
    #[must_use]
    pub fn signed_in(&self) -> Option<SignedIn> {
        Some(SignedIn {
            session_id: self.id,
            user_id: self.user_id?,
            user_number: self.user_number?,
            email: shown(self.email.clone()?),
            email_verified: self.email_verified_at.is_some(),
            password_breached: self.password_breached_at.is_some(),
            created_at: self.created_at,
            authenticated_at: self.authenticated_at.unwrap_or(self.created_at),
            methods: Methods::from_column(self.amr.as_deref()),
            identity: SessionIdentity::from_data(&self.data),
            last_seen_at: self.last_seen_at,
            idle_expires_at: self.idle_expires_at,
            absolute_expires_at: self.absolute_expires_at,
        })
    }
}

/// A live session together with the account it is signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub user_number: i64,
    pub email: String,
    /// Whether the owner has confirmed the address.
    pub email_verified: bool,
    /// Whether the account's password is known from a breach of another service.
    pub password_breached: bool,
    pub created_at: DateTime<Utc>,
    /// The last time at which the client proved to be the account's owner.
    pub authenticated_at: DateTime<Utc>,
    /// How it has proven that.
    pub methods: Methods,
    pub identity: Option<Box<SessionIdentity>>,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
}

impl SignedIn {
    /// When the session ends if it is not used again.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.idle_expires_at.min(self.absolute_expires_at)
    }

    /// Whether this use of the session should be stored.
    #[must_use]
    pub fn renewal_is_due(&self, lifetimes: &Lifetimes, now: DateTime<Utc>) -> bool {
        now - self.last_seen_at >= lifetimes.renewal_interval()
    }

    /// The session after being used `now`.
    #[must_use]
    pub fn renewed(self, lifetimes: &Lifetimes, now: DateTime<Utc>) -> Self {
        Self {
            last_seen_at: now,
            idle_expires_at: lifetimes.idle_deadline(now, self.absolute_expires_at),
            ..self
        }
    }
}

/// One line in the list of an account's sessions.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ListedSession {
    pub id: SessionId,
    pub kind: String,
    pub created_at: DateTime<Utc>,
    pub authenticated_at: Option<DateTime<Utc>>,
    pub amr: Option<String>,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}
