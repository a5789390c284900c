//! The end of every sign-up and log-in: a new session takes the place of the presented one.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::session::{NewSession, SessionSecret, SignedIn};
use crate::model::user::UserId;
use crate::store::{self, Tx, sessions};
use crate::telemetry::{self, Ended};

/// Who is starting a session, and from where.
#[derive(Debug)]
pub struct Newcomer {
    pub client: Client,
    /// The session that the request presented; it ends, so that nobody can plant a session id (OWASP ASVS v5.0.0-7.2.4).
    pub presented: Option<SessionSecret>,
}

/// A session that has just begun. The secret is shown to the client once and kept nowhere.
#[derive(Debug)]
pub struct StartedSession {
    pub signed_in: SignedIn,
    pub secret: SessionSecret,
    replaced: bool,
}

/// Starts a session for `user` in the caller's transaction, so that it is kept together with the account or not at all.
pub(super) async fn start_session(
    app: &App,
    tx: &mut Tx,
    user: (UserId, &str),
    newcomer: Newcomer,
    now: DateTime<Utc>,
) -> store::Result<StartedSession> {
    let (user_id, email) = user;
    let replaced = match newcomer.presented {
        Some(presented) => sessions::end(tx.conn(), &presented.hash(), now).await?,
        None => false,
    };
    let secret = SessionSecret::generate();
    let session = NewSession::cookie(secret, Some(user_id), newcomer.client, &app.lifetimes, now);
    sessions::insert(tx.conn(), &session, "{}").await?;
    let signed_in = SignedIn {
        session_id: session.id,
        user_id,
        email: email.to_owned(),
        created_at: now,
        last_seen_at: now,
        idle_expires_at: session.idle_expires_at,
        absolute_expires_at: session.absolute_expires_at,
    };
    Ok(StartedSession {
        signed_in,
        secret,
        replaced,
    })
}

impl StartedSession {
    /// Counts the session; called once its transaction has committed.
    pub(super) fn committed(self) -> Self {
        telemetry::session_created(NewSession::COOKIE);
        telemetry::sessions_ended(Ended::Replaced, self.replaced.into());
        self
    }
}
