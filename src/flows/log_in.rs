//! A person proves with their password that an account is theirs and is signed in to it.

use super::start_session::{Newcomer, StartedSession, start_session};
use crate::app::App;
use crate::app::hasher::Verdict;
use crate::model::email::Email;
use crate::model::password::Password;
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

/// Starts a session for the account that `email` and `password` belong to.
///
/// # Errors
/// [`LogInError::InvalidCredentials`], after the same work whether or not the account exists.
pub async fn log_in(
    app: &App,
    email: Email,
    password: Password,
    newcomer: Newcomer,
) -> Result<StartedSession, LogInError> {
    let credentials = users::by_email(app.db.read().await?.conn(), &email).await?;
    let stored = credentials.as_ref().and_then(|known| known.password_hash.clone());
    let verdict = app.hasher.verify(password.clone(), stored).await?;
    let Some((user, verified)) = credentials.and_then(|known| Some(((known.id, known.email), known.password_hash?)))
    else {
        return Err(LogInError::InvalidCredentials);
    };
    let current = match verdict {
        Verdict::Wrong => return Err(LogInError::InvalidCredentials),
        Verdict::Right => verified.clone(),
        Verdict::RightButWeak => app.hasher.hash(password).await?,
    };
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !users::record_log_in(tx.conn(), user.0, &verified, &current, now).await? {
        return Err(LogInError::InvalidCredentials);
    }
    let started = start_session(app, &mut tx, (user.0, &user.1), newcomer, now).await?;
    tx.commit().await?;
    Ok(started.committed())
}
