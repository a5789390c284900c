//! A browser without an account asks to make one with a passkey.

use uuid::Uuid;

use super::begin_registration::RegistrationOptions;
use super::{NoPasskeys, relying_party};
use crate::app::App;
use crate::app::passkeys::attempts::Subject;
use crate::flows::steps::find_taken::find_taken;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::passkey::client_data::Ceremony;
use crate::model::user::email::Email;

#[derive(Debug, thiserror::Error)]
pub enum BeginSignUpError {
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    /// The operator lets no passkey make an account, so that a session is needed.
    #[error("passkeys make no accounts here")]
    SwitchedOff,
    #[error("the address belongs to an account")]
    EmailTaken,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// Begins to make an account for `email`; returns also the id that it will have. Nothing is stored before the passkey
/// is there.
///
/// # Errors
/// [`BeginSignUpError::EmailTaken`] before the person has to touch an authenticator.
pub async fn begin_sign_up(
    app: &App,
    email: &Email,
    client: &Client,
) -> Result<(UserId, RegistrationOptions), BeginSignUpError> {
    let relying_party = relying_party(app)?;
    if !app.passkeys.make_accounts {
        return Err(BeginSignUpError::SwitchedOff);
    }
    if find_taken(app, client, Some(email), None).await?.email {
        return Err(BeginSignUpError::EmailTaken);
    }
    let user = UserId(Uuid::now_v7());
    let subject = Subject::NewAccount {
        user,
        email: email.typed().to_owned(),
    };
    let attempts = &app.passkeys.attempts;
    let (attempt, text) = attempts.begin(Ceremony::Register, subject, app.clock.now())?;
    let options = RegistrationOptions {
        relying_party: relying_party.clone(),
        challenge: attempt.challenge,
        attempt: text,
        existing: Vec::new(),
    };
    Ok((user, options))
}
