//! A client finishes a log-in with the second factor.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::check_second_factor::{UsableFactor, check_second_factor, count_second_factor};
use crate::flows::steps::count_attempt::Attempt;
use crate::flows::steps::notify;
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, Transport, start_proven_session};
use crate::model::factor::second_factor::SecondFactor;
use crate::model::session::half_log_in::HalfLogIn;
use crate::model::session::secret::SessionSecret;
use crate::model::session::started::{Outcome, StartedSession};
use crate::model::user::AccountLookup;
use crate::store::{identities, sessions, users};

#[derive(Debug, thiserror::Error)]
pub enum FinishLogInError {
    /// The client has no half log-in, or it has ended.
    #[error("there is no half log-in")]
    NotAuthenticated,
    #[error("the code is wrong, or was used")]
    InvalidCode,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(FinishLogInError);

/// Half a log-in, and the secret of the visitor's session that remembers it.
struct Found {
    half: HalfLogIn,
    secret: SessionSecret,
}

/// Starts the session that half a log-in is for. A wrong code leaves the half log-in as it is, but the fifth ends it.
///
/// # Errors
/// [`FinishLogInError::NotAuthenticated`] also when the account's password or factor has changed since the first step.
pub async fn finish_log_in(
    app: &App,
    factor: &SecondFactor,
    start: SessionStart,
) -> Result<StartedSession, FinishLogInError> {
    let now = app.clock.now();
    let found = find_half(app, &start, now)
        .await?
        .ok_or(FinishLogInError::NotAuthenticated)?;
    let attempt = count_second_factor(app, found.half.user_id, &start.client).await?;
    let once = app.db.once();
    let hash = found.secret.hash();
    let is_left = once
        .run_statement(async |statement| sessions::count_guess_of_visitor(statement, &hash, now).await)
        .await?;
    if !is_left {
        attempt.take_back(app).await?;
        return Err(FinishLogInError::NotAuthenticated);
    }
    let usable = check_second_factor(app, found.half.user_id, factor, now).await?;
    let usable = usable.ok_or(FinishLogInError::InvalidCode)?;
    exchange(app, &found, &usable, attempt, start, now).await
}

/// The half log-in that the request presents.
async fn find_half(app: &App, start: &SessionStart, now: DateTime<Utc>) -> Result<Option<Found>, FinishLogInError> {
    let Transport::Cookie { presented } = &start.transport else {
        return Ok(None);
    };
    let mut read = app.db.read().await?;
    for secret in presented {
        let stored = sessions::by_secret(read.conn(), &secret.hash(), now).await?;
        if let Some(half) = stored.as_ref().and_then(HalfLogIn::of) {
            return Ok(Some(Found { half, secret: *secret }));
        }
    }
    Ok(None)
}

/// Uses up the factor and the half log-in, and starts the session, in one transaction.
async fn exchange(
    app: &App,
    found: &Found,
    usable: &UsableFactor,
    attempt: Attempt,
    start: SessionStart,
    now: DateTime<Utc>,
) -> Result<StartedSession, FinishLogInError> {
    let Found { half, secret } = found;
    let user = half.user_id;
    let mut tx = app.db.write().await?;
    users::lock(&mut tx, user).await?;
    let lookup = AccountLookup::Account(user);
    let account = users::credentials_and_familiarity(tx.conn(), lookup, &start.client, now).await?;
    let known = users::factors(tx.conn(), user).await?;
    let (account, known) = account.zip(known).ok_or(FinishLogInError::NotAuthenticated)?;
    let device_generation = account.familiarity.device_generation;
    if !half.still_holds(device_generation, known.second_factor_at) {
        return Err(FinishLogInError::NotAuthenticated);
    }
    if let Some(identity) = half.opened_by
        && !identities::is_of(tx.conn(), user, identity).await?
    {
        return Err(FinishLogInError::NotAuthenticated);
    }
    if !usable.consume(&mut tx, user, now).await? {
        return Err(FinishLogInError::InvalidCode);
    }
    attempt.record_success(&mut tx, now).await?;
    // Of two requests that finish one half log-in with different codes, one is too late.
    if sessions::end_by_secret(&mut tx, &secret.hash(), now).await?.is_none() {
        return Err(FinishLogInError::NotAuthenticated);
    }
    let credentials = &account.credentials;
    let owner = Owner {
        id: user,
        email: &credentials.email,
        email_verified: credentials.email_verified_at.is_some(),
        device_generation,
    };
    let contact = notify::Owner {
        email: owner.email,
        email_verified: owner.email_verified,
    };
    usable.notify(app, &mut tx, user, contact, &start.client, now).await?;
    let mut starting = StartingSession::new(app, owner, start, usable.methods(half.methods), now)?;
    starting.session.identity.clone_from(&half.identity);
    match start_proven_session(app, tx, owner, starting).await? {
        Some(Outcome::Started(started)) => Ok(started),
        Some(Outcome::SecondFactorRequired(_)) | None => Err(FinishLogInError::NotAuthenticated),
    }
}
