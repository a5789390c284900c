//! A client logs in to an account with its password.

use super::prove_both_factors::{Proven, prove_both_factors};
use crate::app::App;
use crate::flows::steps::check_password::{VerifiedPassword, check_password};
use crate::flows::steps::start_session::{Owner, Reason, SessionStart, StartingSession, start_session};
use crate::flows::steps::watch_for_breach::{self, Watched};
use crate::model::factor::second_factor::SecondFactor;
use crate::model::session::methods::Methods;
use crate::model::session::started::Outcome;
use crate::model::user::password::Password;
use crate::model::user::{AccountLookup, Identifier};
use crate::store::users;

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// One error for an unknown identifier, a wrong password and an account without a password.
    #[error("address and password don't belong together")]
    InvalidCredentials,
    /// The password was right, and the second factor that came with it is wrong or was used.
    #[error("the code is wrong, or was used")]
    InvalidCode,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(LogInError);

/// Starts a session for the account that `login` and `password` belong to, or half a log-in if it asks for a second
/// factor and none was sent. A `factor` that the account does not ask for is not looked at.
///
/// # Errors
/// [`LogInError::InvalidCredentials`], after the same work whether or not the account exists. A disabled account is
/// told apart only after the right password.
pub async fn log_in(
    app: &App,
    login: &Identifier,
    password: Password,
    factor: Option<&SecondFactor>,
    start: SessionStart,
) -> Result<Outcome, LogInError> {
    // A concurrent log-in may have upgraded the hash since it was read. The second miss means that the password did
    // change.
    let started = match attempt(app, login, &password, factor, &start).await? {
        Some(started) => Some(started),
        None => attempt(app, login, &password, factor, &start).await?,
    };
    started.ok_or(LogInError::InvalidCredentials)
}

/// `None` when the stored hash was replaced while the password was being verified.
async fn attempt(
    app: &App,
    login: &Identifier,
    password: &Password,
    factor: Option<&SecondFactor>,
    start: &SessionStart,
) -> Result<Option<Outcome>, LogInError> {
    let proven = check_password(app, AccountLookup::Identifier(login), password, &start.client).await?;
    let VerifiedPassword {
        credentials: known,
        verified,
        is_weak,
        familiarity,
        attempt,
    } = proven.ok_or(LogInError::InvalidCredentials)?;
    let is_verified = known.email_verified_at.is_some();
    if let Err(refusal) = start.transport.admit(app, is_verified) {
        // The password was right, so the attempt must not stay counted as a failure.
        let mut tx = app.db.write().await?;
        users::lock(&mut tx, known.id).await?;
        attempt.record_success(&mut tx, app.clock.now()).await?;
        tx.commit().await?;
        return Err(refusal.into());
    }
    let owner = Owner {
        id: known.id,
        email: &known.email,
        email_verified: is_verified,
        device_generation: familiarity.device_generation,
    };
    let current = match app.hasher.admit_known(&start.client) {
        Ok(admission) if is_weak => admission.hash(password.clone()).await?,
        // While the queue is full, the stronger hash can wait until the next log-in.
        Ok(_) | Err(_) => verified.clone(),
    };
    let watched = Watched {
        user: known.id,
        password,
        hashes: [&verified, &current],
        client: &start.client,
    };
    watch_for_breach::start(app, &watched);
    if let Some(factor) = factor
        && asks_for_second_factor(app, &owner).await?
    {
        return match prove_both_factors(app, owner, [&verified, &current], attempt, factor, start.clone()).await? {
            Proven::Outcome(outcome) => Ok(Some(outcome)),
            Proven::PasswordChanged => Ok(None),
            Proven::WrongFactor => Err(LogInError::InvalidCode),
        };
    }
    let now = app.clock.now();

    let mut starting = StartingSession::new(app, owner, start.clone(), Methods::PASSWORD, now)?;
    starting.notes_device = !familiarity.has_noted_device;
    let reason = Reason::LogIn {
        known: &known,
        verified: &verified,
        current: &current,
        counted: attempt.bucket(),
    };
    Ok(start_session(app, owner, starting, &reason).await?)
}

async fn asks_for_second_factor(app: &App, owner: &Owner<'_>) -> Result<bool, LogInError> {
    let known = users::factors(app.db.read().await?.conn(), owner.id).await?;
    Ok(known.is_some_and(|known| known.asks_for_second_factor()))
}
