//! A client creates an account and is signed in to it.

use uuid::Uuid;

use crate::app::App;
use crate::flows::steps::allow_sign_up::allow_sign_up;
use crate::flows::steps::find_taken::{Taken, look_up};
use crate::flows::steps::refuse_breached::refuse_breached;
use crate::flows::steps::start_session::{Owner, Reason, SessionStart, StartingSession, start_session};
use crate::model::id::UserId;
use crate::model::limit::Operation;
use crate::model::session::methods::Methods;
use crate::model::session::started::{Outcome, StartedSession};
use crate::model::user::email::Email;
use crate::model::user::password::{BreachedPassword, Password};
use crate::model::user::{NewUser, Profile};

/// The values for a new account; the password has passed the policy.
#[derive(Debug)]
pub struct NewAccount {
    pub email: Email,
    pub password: Password,
    pub profile: Profile,
}

#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("the address or the user name belongs to an account")]
    Taken(Taken),
    #[error(transparent)]
    Breached(#[from] BreachedPassword),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(SignUpError);

/// Creates an account and its first session, both or neither.
///
/// # Errors
/// [`SignUpError::Taken`] when the address or the user name is taken. Of many concurrent sign-ups with one address, all
/// but one get it.
pub async fn sign_up(app: &App, account: NewAccount, start: SessionStart) -> Result<StartedSession, SignUpError> {
    let NewAccount {
        email,
        password,
        profile,
    } = account;
    app.allow_new_account(&email)?;
    allow_sign_up(app, Operation::SignUp, &start.client).await?;
    start.transport.admit(app, false)?;
    // Looking it up first saves a hash; only the insert below decides.
    let taken = look_up(app, Some(&email), profile.username.as_ref()).await?;
    if taken.any() {
        return Err(SignUpError::Taken(taken));
    }
    refuse_breached(app, &password).await?;
    let password_hash = app.hasher.admit(&start.client)?.hash(password).await?;
    let now = app.clock.now();
    let user = NewUser {
        email,
        password_hash,
        profile,
    };

    let owner = Owner {
        id: UserId(Uuid::now_v7()),
        email: user.email.typed(),
        email_verified: false,
        device_generation: 0,
    };
    let mut starting = StartingSession::new(app, owner, start, Methods::PASSWORD, now)?;
    starting.at_most = None;
    if let Some(Outcome::Started(started)) = start_session(app, owner, starting, &Reason::SignUp(&user)).await? {
        return Ok(started);
    }
    let taken = look_up(app, Some(&user.email), user.profile.username.as_ref()).await?;
    // The account that took the address may be deleted again by now. "Taken" still tells the client to try once more.
    Err(SignUpError::Taken(if taken.any() {
        taken
    } else {
        Taken { email: true, ..taken }
    }))
}
