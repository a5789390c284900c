//! A client asks for a challenge to log in with a passkey.

use super::{NoPasskeys, relying_party};
use crate::app::App;
use crate::app::passkeys::attempts::Subject;
use crate::model::passkey::client_data::Ceremony;
use crate::model::passkey::relying_party::RelyingParty;

/// What the browser needs to use a passkey.
#[derive(Debug)]
pub struct AuthenticationOptions {
    pub relying_party: RelyingParty,
    pub challenge: [u8; 32],
    pub attempt: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BeginAuthenticationError {
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// Begins a log-in with any passkey of the service. Nothing is read or stored, and the answer depends on no account:
/// log-in pages ask at each view, so that a browser can offer passkeys in the field for the address.
pub async fn begin_authentication(app: &App) -> Result<AuthenticationOptions, BeginAuthenticationError> {
    let relying_party = relying_party(app)?;
    let now = app.clock.now();
    let (attempt, text) = app
        .passkeys
        .attempts
        .begin(Ceremony::Authenticate, Subject::Anyone, now)?;
    Ok(AuthenticationOptions {
        relying_party: relying_party.clone(),
        challenge: attempt.challenge,
        attempt: text,
    })
}
