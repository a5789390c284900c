//! The end of every sign-up and log-in: a new session takes the place of the presented one.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::session::{NewSession, SessionKind, SignedIn};
use crate::model::session_secret::SessionSecret;
use crate::model::user::UserId;
use crate::store::{self, Tx, sessions};
use crate::telemetry::{self, Ended};

/// Who is starting a session, and what is to carry it.
#[derive(Debug, Clone)]
pub struct Newcomer {
    pub client: Client,
    pub carrier: Carrier,
}

#[derive(Debug, Clone)]
pub enum Carrier {
    /// A cookie. The session that the request presented ends, so that nobody can plant a session id (OWASP ASVS
    /// v5.0.0-7.2.4).
    Cookie {
        presented: Option<SessionSecret>,
    },
    Tokens,
}

/// The account that a session is started for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub id: UserId,
    pub number: i64,
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

/// Starts a session in the caller's transaction, so that it is kept together with the account or not at all.
pub(super) async fn start_session(
    app: &App,
    tx: &mut Tx,
    owner: Owner<'_>,
    newcomer: Newcomer,
    now: DateTime<Utc>,
) -> anyhow::Result<StartedSession> {
    let Newcomer { client, carrier } = newcomer;
    let (session, secret, replaced) = match carrier {
        Carrier::Cookie { presented } => {
            let secret = SessionSecret::generate();
            let session = NewSession::cookie(secret, Some(owner.id), client, &app.lifetimes, now);
            (session, Some(secret), end_presented(tx, presented, now).await?)
        }
        Carrier::Tokens => {
            app.admit(owner.email_verified)?;
            (NewSession::token(owner.id, client, &app.lifetimes, now), None, false)
        }
    };
    sessions::insert(tx.conn(), &session, "{}").await?;
    let signed_in = SignedIn {
        session_id: session.id,
        user_id: owner.id,
        user_number: owner.number,
        email: owner.email.to_owned(),
        email_verified: owner.email_verified,
        created_at: now,
        last_seen_at: now,
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

async fn end_presented(tx: &mut Tx, presented: Option<SessionSecret>, now: DateTime<Utc>) -> store::Result<bool> {
    match presented {
        Some(presented) => sessions::end(tx.conn(), &presented.hash(), now).await,
        None => Ok(false),
    }
}

impl StartedSession {
    /// Counts the session; called once its transaction has committed.
    pub(super) fn counted(self) -> Self {
        telemetry::session_created(self.kind.name());
        telemetry::sessions_ended(Ended::Replaced, self.replaced.into());
        self
    }
}
