//! A person makes an account and is signed in to it.

use uuid::Uuid;

use super::start_session::{Newcomer, StartedSession, start_session};
use crate::app::App;
use crate::model::email::Email;
use crate::model::password::Password;
use crate::model::user::{NewUser, UserId};
use crate::store::{self, users};

#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("the address belongs to an account")]
    EmailTaken,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<store::Error> for SignUpError {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Creates an account and its first session, both or neither. `password` has passed the policy.
///
/// # Errors
/// [`SignUpError::EmailTaken`], also for all but one of many that sign up with one address at the same moment.
pub async fn sign_up(
    app: &App,
    email: Email,
    password: Password,
    newcomer: Newcomer,
) -> Result<StartedSession, SignUpError> {
    // Looking first spares the hash; only the insert below decides.
    if users::by_email(app.db.read().await?.conn(), &email).await?.is_some() {
        return Err(SignUpError::EmailTaken);
    }
    let password_hash = app.hasher.hash(password).await?;
    let now = app.clock.now();
    let user = NewUser {
        id: UserId(Uuid::now_v7()),
        email,
        password_hash,
        created_at: now,
    };

    let mut tx = app.db.write().await?;
    if !users::insert(tx.conn(), &user).await? {
        return Err(SignUpError::EmailTaken);
    }
    let started = start_session(app, &mut tx, (user.id, user.email.typed()), newcomer, now).await?;
    tx.commit().await?;
    Ok(started.committed())
}
