//! A person proves with their password that an account is theirs and is signed in to it.

use super::check_password::{Proven, check_password};
use super::recognize_device::recognize_device;
use super::start_session::{Carrier, Newcomer, Owner, StartedSession, start_session};
use crate::app::App;
use crate::model::password::Password;
use crate::model::user::{Login, Whose};
use crate::store::{self, users};

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
    login: &Login,
    password: Password,
    newcomer: Newcomer,
) -> Result<StartedSession, LogInError> {
    // Another log-in may have upgraded the hash meanwhile; only if it is another password the second time too, it is wrong.
    let started = match attempt(app, login, &password, &newcomer).await? {
        Some(started) => Some(started),
        None => attempt(app, login, &password, &newcomer).await?,
    };
    started.ok_or(LogInError::InvalidCredentials)
}

/// `None` when the stored hash was replaced while the password was being checked.
async fn attempt(
    app: &App,
    login: &Login,
    password: &Password,
    newcomer: &Newcomer,
) -> Result<Option<StartedSession>, LogInError> {
    let proven = check_password(app, Whose::Login(login), password, &newcomer.client).await?;
    let Proven {
        credentials: known,
        verified,
        is_weak,
        is_from_noted_device,
        attempt,
    } = proven.ok_or(LogInError::InvalidCredentials)?;
    if let (Carrier::Tokens, Err(refusal)) = (&newcomer.carrier, app.admit(known.email_verified_at.is_some())) {
        // The password was right, so the attempt is no failure.
        let mut tx = app.db.write().await?;
        attempt.settle(&mut tx).await?;
        tx.commit().await?;
        return Err(refusal.into());
    }
    let current = if is_weak {
        app.hasher.hash(password.clone()).await?
    } else {
        verified.clone()
    };
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !users::record_log_in(tx.conn(), known.id, &verified, &current, now).await? {
        return Ok(None);
    }
    attempt.settle(&mut tx).await?;
    let owner = Owner {
        id: known.id,
        number: known.number,
        email: &known.email,
        email_verified: known.email_verified_at.is_some(),
    };
    if !is_from_noted_device {
        recognize_device(app, &mut tx, owner, &newcomer.client, now).await?;
    }
    let started = start_session(app, &mut tx, owner, newcomer.clone(), now).await?;
    tx.commit().await?;
    Ok(Some(started.counted()))
}
