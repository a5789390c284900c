//! A person replaces their password, and with it every session that somebody else may hold.

use super::check_password::{Whose, check_password};
use super::claim_session::claim_session;
use super::forgive::forgive;
use super::start_session::{Newcomer, Owner, StartedSession, start_session};
use crate::app::App;
use crate::model::password::Password;
use crate::model::session::SignedIn;
use crate::store::{self, sessions, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error("the current password is wrong")]
    InvalidCredentials,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<store::Error> for ChangePasswordError {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Replaces the password of whoever is signed in, ends all of their sessions and starts a new one here. `new` has passed
/// the policy.
///
/// # Errors
/// [`ChangePasswordError::InvalidCredentials`] when `current` is wrong, or was changed at the same moment.
pub async fn change_password(
    app: &App,
    signed_in: &SignedIn,
    current: Password,
    new: Password,
    newcomer: Newcomer,
) -> Result<StartedSession, ChangePasswordError> {
    let proven = check_password(app, Whose::Account(signed_in.user_id), &current, &newcomer.client).await?;
    // All failures are forgiven below, so the attempt need not be settled by itself.
    let _proven = proven.ok_or(ChangePasswordError::InvalidCredentials)?;
    let hash = app.hasher.hash(new).await?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(ChangePasswordError::NotAuthenticated);
    }
    // A log-in may have upgraded the verified hash since; whoever changed the password ended this session too.
    users::change_password(tx.conn(), signed_in.user_id, &hash).await?;
    let ended = sessions::end_all_of_user(tx.conn(), signed_in.user_id, now).await?;
    let owner = Owner {
        id: signed_in.user_id,
        number: signed_in.user_number,
        email: &signed_in.email,
    };
    let client = newcomer.client.clone();
    let started = start_session(app, &mut tx, owner, newcomer, now).await?;
    forgive(app, &mut tx, signed_in.user_id, &client, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::PasswordChanged, ended);
    Ok(started.counted())
}
