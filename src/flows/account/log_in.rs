//! A person proves with their password that an account is theirs and is signed in to it.

use crate::app::App;
use crate::flows::steps::check_password::{VerifiedPassword, check_password};
use crate::flows::steps::recognize_device::recognize_device;
use crate::flows::steps::start_session::{Owner, SessionStart, StartedSession, StartingSession, start_session};
use crate::model::session::LogInSession;
use crate::model::user::password::Password;
use crate::model::user::{AccountLookup, Identifier};
use crate::store::{self, sessions};

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// One answer for an unknown address, a wrong password and an account without one.
    #[error("address and password don't belong together")]
    InvalidCredentials,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<store::Error> for LogInError {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Starts a session for the account that `login` and `password` belong to.
///
/// # Errors
/// [`LogInError::InvalidCredentials`], after the same work whether or not the account exists.
pub async fn log_in(
    app: &App,
    login: &Identifier,
    password: Password,
    start: SessionStart,
) -> Result<StartedSession, LogInError> {
    // Another log-in may have upgraded the hash meanwhile; only if it is another password the second time too, it is wrong.
    let started = match attempt(app, login, &password, &start).await? {
        Some(started) => Some(started),
        None => attempt(app, login, &password, &start).await?,
    };
    started.ok_or(LogInError::InvalidCredentials)
}

/// `None` when the stored hash was replaced while the password was being checked.
async fn attempt(
    app: &App,
    login: &Identifier,
    password: &Password,
    start: &SessionStart,
) -> Result<Option<StartedSession>, LogInError> {
    let proven = check_password(app, AccountLookup::Identifier(login), password, &start.client).await?;
    let VerifiedPassword {
        credentials: known,
        verified,
        is_weak,
        is_from_noted_device,
        attempt,
    } = proven.ok_or(LogInError::InvalidCredentials)?;
    let is_verified = known.email_verified_at.is_some();
    if let Err(refusal) = start.transport.admit(app, is_verified) {
        // The password was right, so the attempt is no failure.
        let mut tx = app.db.write().await?;
        attempt.record_success(&mut tx).await?;
        tx.commit().await?;
        return Err(refusal.into());
    }
    let current = if is_weak {
        app.hasher.hash(password.clone()).await?
    } else {
        verified.clone()
    };
    let now = app.clock.now();

    let owner = Owner {
        id: known.id,
        email: &known.email,
        email_verified: is_verified,
    };
    let starting = StartingSession::new(app, owner, start.clone(), now)?;
    let session = LogInSession {
        session: &starting.session,
        verified: &verified,
        current: &current,
        counted: attempt.bucket(),
    };
    // Most people come from where they were before.
    let mut tx = if is_from_noted_device && starting.replaces_none() {
        app.db.write_by_one_call().await?
    } else {
        app.db.write().await?
    };
    if !sessions::insert_recording_log_in(tx.conn(), &session, known.id).await? {
        return Ok(None);
    }
    if !is_from_noted_device {
        recognize_device(app, &mut tx, owner, &start.client, now).await?;
    }
    let started = start_session(&mut tx, owner, known.number, starting).await?;
    tx.commit().await?;
    Ok(Some(started.counted()))
}
