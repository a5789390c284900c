//! An account owner asks to add a passkey.

use super::{NoPasskeys, relying_party};
use crate::app::App;
use crate::app::passkeys::attempts::Subject;
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::model::client::Client;
use crate::model::passkey::MAX_PASSKEYS;
use crate::model::passkey::client_data::Ceremony;
use crate::model::passkey::relying_party::RelyingParty;
use crate::model::passkey::stored::ListedPasskey;
use crate::model::session::SignedIn;
use crate::store::passkeys;

/// What the browser needs to make a passkey.
#[derive(Debug)]
pub struct RegistrationOptions {
    pub relying_party: RelyingParty,
    pub challenge: [u8; 32],
    pub attempt: String,
    /// The account's passkeys, so that an authenticator which holds one makes no second.
    pub existing: Vec<ListedPasskey>,
}

#[derive(Debug, thiserror::Error)]
pub enum BeginRegistrationError {
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error("the account has as many passkeys as it may have")]
    TooMany,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(BeginRegistrationError);

/// Begins to add a passkey to the account that `signed_in` is signed in to. The attempt holds that the owner gave a
/// fresh proof, so that the browser may take its time.
///
/// # Errors
/// [`BeginRegistrationError::Reauthentication`] without a fresh proof: otherwise a thief at an open browser could make
/// a way in that stays.
pub async fn begin_registration(
    app: &App,
    signed_in: &SignedIn,
    client: &Client,
) -> Result<RegistrationOptions, BeginRegistrationError> {
    let relying_party = relying_party(app)?;
    reauthenticate(app, signed_in, None, client).await?;
    let mut read = app.db.read().await?;
    let existing = passkeys::of_user(read.conn(), signed_in.user_id, MAX_PASSKEYS).await?;
    drop(read);
    if existing.len() >= MAX_PASSKEYS as usize {
        return Err(BeginRegistrationError::TooMany);
    }
    let subject = Subject::Session {
        user: signed_in.user_id,
        session: signed_in.session_id,
    };
    let (attempt, text) = app
        .passkeys
        .attempts
        .begin(Ceremony::Register, subject, app.clock.now())?;
    Ok(RegistrationOptions {
        relying_party: relying_party.clone(),
        challenge: attempt.challenge,
        attempt: text,
        existing,
    })
}
