//! The end of every sign-up and log-in: a new session takes the place of the presented one.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::session::secret::SessionSecret;
use crate::model::session::{NewSession, SessionKind, SignedIn};
use crate::store::{self, Tx, sessions};
use crate::telemetry::{self, Ended};

/// Who is starting a session, and what is to carry it.
#[derive(Debug, Clone)]
pub struct SessionStart {
    pub client: Client,
    pub transport: Transport,
}

#[derive(Debug, Clone)]
pub enum Transport {
    /// A cookie. The session that the request presented ends, so that nobody can plant a session id (OWASP ASVS
    /// v5.0.0-7.2.4).
    Cookie {
        presented: Option<SessionSecret>,
    },
    Tokens,
}

impl Transport {
    /// Lets an account start a session that this carries.
    ///
    /// # Errors
    /// [`EmailNotVerified`](crate::model::user::email::EmailNotVerified).
    pub(in crate::flows) fn admit(&self, app: &App, email_verified: bool) -> anyhow::Result<()> {
        match self {
            Self::Cookie { .. } => Ok(()),
            Self::Tokens => app.admit(email_verified),
        }
    }
}

/// The account that a session is started for.
#[derive(Debug, Clone, Copy)]
pub(in crate::flows) struct Owner<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub email_verified: bool,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct StartedSession {
    pub signed_in: SignedIn,
    /// Shown to the client once and kept nowhere; `None` when tokens carry the session.
    pub secret: Option<SessionSecret>,
    kind: SessionKind,
    replaced: bool,
}

/// A session that is yet to be stored.
#[derive(Debug)]
pub(in crate::flows) struct StartingSession {
    pub session: NewSession,
    /// Of the session that it takes the place of.
    presented: Option<SessionSecret>,
    secret: Option<SessionSecret>,
}

/// Ends the session that was presented, if one was, and tells what has started: the caller has stored it by `tx`.
pub(in crate::flows) async fn start_session(
    tx: &mut Tx,
    owner: Owner<'_>,
    number: i64,
    starting: StartingSession,
) -> store::Result<StartedSession> {
    let StartingSession {
        session,
        presented,
        secret,
    } = starting;
    let replaced = match presented {
        Some(presented) => sessions::end(tx.conn(), &presented.hash(), session.created_at).await?,
        None => false,
    };
    let signed_in = SignedIn {
        session_id: session.id,
        user_id: owner.id,
        user_number: number,
        email: owner.email.to_owned(),
        email_verified: owner.email_verified,
        created_at: session.created_at,
        last_seen_at: session.created_at,
        idle_expires_at: session.idle_expires_at,
        absolute_expires_at: session.absolute_expires_at,
    };
    Ok(StartedSession {
        signed_in,
        secret,
        kind: session.kind,
        replaced,
    })
}

impl StartingSession {
    pub fn replaces_none(&self) -> bool {
        self.presented.is_none()
    }

    /// The session that `start` gets.
    ///
    /// # Errors
    /// As [`Transport::admit`].
    pub fn new(app: &App, owner: Owner<'_>, start: SessionStart, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let SessionStart { client, transport } = start;
        transport.admit(app, owner.email_verified)?;
        Ok(match transport {
            Transport::Cookie { presented } => {
                let secret = SessionSecret::generate();
                Self {
                    session: NewSession::cookie(secret, Some(owner.id), client, &app.lifetimes, now),
                    presented,
                    secret: Some(secret),
                }
            }
            Transport::Tokens => Self {
                session: NewSession::token(owner.id, client, &app.lifetimes, now),
                presented: None,
                secret: None,
            },
        })
    }
}

impl StartedSession {
    /// Counts the session; called once its transaction has committed.
    pub(in crate::flows) fn counted(self) -> Self {
        telemetry::session_created(self.kind.name());
        telemetry::sessions_ended(Ended::Replaced, self.replaced.into());
        self
    }
}
