//! The end of every sign-up and log-in: a new session replaces the presented one, if the gate is open.
//!
//! The gate decides in one place for every way in: a disabled account gets no session, and one with a second factor
//! only a session whose client has proven that factor. The statement that stores the session is the gate, so that a
//! log-in that races a disabling or an enrolment loses.

mod explain_refusal;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::notify;
use super::recognize_device::recognize_device;
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::limit::attempt::Bucket;
use crate::model::session::methods::Methods;
use crate::model::session::secret::SessionSecret;
use crate::model::session::started::{Outcome, StartedSession};
use crate::model::session::{Inserted, LogInSession, NewSession, SessionKind, SignedIn};
use crate::model::user::password::PasswordHash;
use crate::model::user::{AccountDisabled, Credentials, NewUser};
use crate::store::{self, Conn, Tx, sessions, users};
use crate::telemetry::{self, Ended};
use explain_refusal::{explain_refusal, start_half};

/// The client that starts a session, and how the session reaches it.
#[derive(Debug, Clone)]
pub struct SessionStart {
    pub client: Client,
    pub transport: Transport,
}

#[derive(Debug, Clone)]
pub enum Transport {
    /// A cookie. The sessions that the request presented end, so that an attacker can't plant a session id (OWASP ASVS
    /// v5.0.0-7.2.4).
    Cookie {
        presented: Vec<SessionSecret>,
    },
    Tokens,
}

impl Transport {
    fn kind(&self) -> SessionKind {
        match self {
            Self::Cookie { .. } => SessionKind::Cookie,
            Self::Tokens => SessionKind::Token,
        }
    }

    /// Rejects transports that need a confirmed address, when the account's is not.
    ///
    /// # Errors
    /// [`EmailNotVerified`](crate::model::user::email::EmailNotVerified).
    pub(in crate::flows) fn admit(&self, app: &App, email_verified: bool) -> anyhow::Result<()> {
        match self {
            Self::Cookie { .. } => Ok(()),
            Self::Tokens => app.require_verified(email_verified),
        }
    }
}

/// The account that a session is started for.
#[derive(Debug, Clone, Copy)]
pub(in crate::flows) struct Owner<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub email_verified: bool,
    /// The account's present generation of devices.
    pub device_generation: i64,
}

impl<'a> Owner<'a> {
    fn contact(self) -> notify::Owner<'a> {
        notify::Owner {
            email: self.email,
            email_verified: self.email_verified,
        }
    }
}

/// A session that is not stored yet.
#[derive(Debug)]
pub(in crate::flows) struct StartingSession {
    pub session: NewSession,
    /// The stored identity that the client proved, if that is its first factor.
    pub opened_by: Option<Uuid>,
    /// Whether to store the client's device, because that was not done a short time ago.
    pub notes_device: bool,
    /// How many sessions of this kind the account may have; `None` for a new account, which has no other.
    pub at_most: Option<u32>,
    /// The secrets of the sessions that this one replaces.
    presented: Vec<SessionSecret>,
    secret: Option<SessionSecret>,
}

/// Why a session may start, and what is stored together with it.
#[derive(Debug)]
pub(in crate::flows) enum Reason<'a> {
    /// The account is new and stored too, if its address and user name are free.
    SignUp(&'a NewUser),
    /// A password was right, if it is still the account's.
    LogIn {
        known: &'a Credentials,
        /// The hash that the password was verified against.
        verified: &'a PasswordHash,
        /// The hash to store: the same, or a stronger one of the same password.
        current: &'a PasswordHash,
        /// The failed-attempt bucket to clear, if the attempt was counted.
        counted: Option<&'a Bucket>,
    },
}

impl Reason<'_> {
    /// Stores `session` if the account has fewer than `room` sessions of its kind; without `room` in any case.
    async fn insert(&self, conn: Conn<'_>, session: &NewSession, room: Option<u32>) -> store::Result<Inserted> {
        match *self {
            Self::SignUp(user) => {
                let number = users::insert_with_first_session(conn, user, session).await?;
                Ok(number.map_or(Inserted::Nothing, Inserted::Session))
            }
            Self::LogIn {
                known,
                verified,
                current,
                counted,
            } => {
                let log_in = LogInSession {
                    session,
                    verified,
                    current,
                    counted,
                };
                sessions::insert_recording_log_in_clearing_failures(conn, &log_in, known, room).await
            }
        }
    }
}

/// Log-ins of one account that can't see each other's sessions, because their statements overlap: as many as three
/// instances have connections.
const OVERLAPPING: u32 = 64;

/// Starts a session after a sign-up or a log-in by password. The same transaction ends the presented session, stores
/// the device, and ends the session that was not used for longest if the account has too many. `None`, and nothing
/// stored, when `reason` does not hold any more.
///
/// # Errors
/// [`AccountDisabled`].
pub(in crate::flows) async fn start_session(
    app: &App,
    owner: Owner<'_>,
    starting: StartingSession,
    reason: &Reason<'_>,
) -> anyhow::Result<Option<Outcome>> {
    let session = &starting.session;
    if starting.presented.is_empty() && !starting.notes_device {
        // Most log-ins come from a known device, present no session and are far from the cap: the insert is all there
        // is to write.
        let room = starting.at_most.map(|at_most| at_most.saturating_sub(OVERLAPPING));
        match app
            .db
            .once()
            .run(async |conn| reason.insert(conn, session, room).await)
            .await?
        {
            Inserted::Session(number) => return Ok(Some(Outcome::Started(starting.started(owner, number)))),
            Inserted::Nothing => return explain_refusal(app, owner, &starting, reason).await,
            Inserted::NoRoom => {}
        }
    }
    let mut tx = app.db.write().await?;
    let Inserted::Session(number) = reason.insert(tx.conn(), session, None).await? else {
        drop(tx);
        return explain_refusal(app, owner, &starting, reason).await;
    };
    Ok(Some(Outcome::Started(finish(app, tx, owner, starting, number).await?)))
}

/// Starts a session of a client that has proven itself in another way than by a password, and commits `tx`, in which
/// the proof was used up. `None`, and nothing stored, when the account has gone.
///
/// # Errors
/// [`AccountDisabled`]; nothing is stored then, and the proof is as it was.
pub(in crate::flows) async fn start_proven_session(
    app: &App,
    mut tx: Tx,
    owner: Owner<'_>,
    mut starting: StartingSession,
) -> anyhow::Result<Option<Outcome>> {
    starting.notes_device = true;
    users::lock(&mut tx, owner.id).await?;
    if let Some(number) = sessions::insert_recording_log_in(tx.conn(), &starting.session).await? {
        return Ok(Some(Outcome::Started(finish(app, tx, owner, starting, number).await?)));
    }
    let Some(known) = users::factors(tx.conn(), owner.id).await? else {
        return Ok(None);
    };
    if known.disabled_at.is_some() {
        return Err(AccountDisabled.into());
    }
    let half = start_half(tx, owner, &starting, &known).await?;
    Ok(Some(Outcome::SecondFactorRequired(half)))
}

/// Does what belongs to a session that is stored, and commits.
async fn finish(
    app: &App,
    mut tx: Tx,
    owner: Owner<'_>,
    starting: StartingSession,
    number: i64,
) -> anyhow::Result<StartedSession> {
    let session = &starting.session;
    if starting.notes_device {
        let (client, now) = (&session.client, session.created_at);
        let shows_known_cookie = client
            .device
            .is_some_and(|device| device.is_known_to(owner.id, owner.device_generation));
        recognize_device(app, &mut tx, owner.id, owner.contact(), client, shows_known_cookie, now).await?;
    }
    let replaced = sessions::end_by_secrets(&mut tx, &starting.presented, session.created_at).await?;
    let surplus = match starting.at_most {
        Some(at_most) => sessions::end_surplus(&mut tx, owner.id, session, at_most).await?,
        None => 0,
    };
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Replaced, replaced.len() as u64);
    telemetry::sessions_ended(Ended::Surplus, surplus);
    Ok(starting.started(owner, number))
}

impl StartingSession {
    /// The session that `start` asks for, of a client that has proven itself by `methods`.
    ///
    /// # Errors
    /// As [`Transport::admit`].
    pub fn new(
        app: &App,
        owner: Owner<'_>,
        start: SessionStart,
        methods: Methods,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let SessionStart { client, transport } = start;
        transport.admit(app, owner.email_verified)?;
        let at_most = Some(app.session_caps.of(transport.kind()));
        Ok(match transport {
            Transport::Cookie { presented } => {
                let secret = SessionSecret::generate();
                Self {
                    session: NewSession::cookie(secret, Some(owner.id), methods, client, &app.lifetimes, now),
                    opened_by: None,
                    notes_device: false,
                    at_most,
                    presented,
                    secret: Some(secret),
                }
            }
            Transport::Tokens => Self {
                session: NewSession::token(owner.id, methods, client, &app.lifetimes, now),
                opened_by: None,
                notes_device: false,
                at_most,
                presented: Vec::new(),
                secret: None,
            },
        })
    }

    /// What the client gets to see, now that the session is stored. Counts it.
    fn started(self, owner: Owner<'_>, number: i64) -> StartedSession {
        let session = self.session;
        telemetry::session_created(session.kind.name(), owner.id.0, session.id.0);
        let signed_in = SignedIn {
            session_id: session.id,
            user_id: owner.id,
            user_number: number,
            email: owner.email.to_owned(),
            email_verified: owner.email_verified,
            // The first use of the session reads it.
            password_breached: false,
            created_at: session.created_at,
            authenticated_at: session.created_at,
            methods: session.methods,
            identity: session.identity.map(Box::new),
            last_seen_at: session.created_at,
            idle_expires_at: session.idle_expires_at,
            absolute_expires_at: session.absolute_expires_at,
        };
        StartedSession {
            signed_in,
            secret: self.secret,
            device_generation: owner.device_generation,
        }
    }
}
