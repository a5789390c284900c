//! An account owner begins to set up an authenticator app.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::model::client::Client;
use crate::model::factor::totp::{PENDING_LIFETIME, TotpSecret};
use crate::model::session::SignedIn;
use crate::store::totp;

#[derive(Debug, thiserror::Error)]
pub enum StartTotpError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error("the account has an authenticator app")]
    AlreadySetUp,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(StartTotpError);

/// An app that waits for its first code. This is the only time that its secret is shown.
#[derive(Debug)]
pub struct StartedTotp {
    pub secret: TotpSecret,
    /// What a QR code says to the app.
    pub uri: String,
    pub expires_at: DateTime<Utc>,
}

/// Makes a secret for an app. Nothing asks for its codes before the first one is confirmed. A fresh proof is needed: a
/// person at the owner's open browser could lock the owner out otherwise.
pub async fn start_totp(
    app: &App,
    signed_in: &SignedIn,
    name: &str,
    client: &Client,
) -> Result<StartedTotp, StartTotpError> {
    let reauthenticated = reauthenticate(app, signed_in, None, client).await?;
    let user = signed_in.user_id;
    let (secret, sealed) = app.second_factors.generate_totp(user, signed_in.session_id)?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(StartTotpError::NotAuthenticated);
    }
    reauthenticated.record_success(&mut tx, now).await?;
    if !totp::start(tx.conn(), user, name, &sealed, now).await? {
        return Err(StartTotpError::AlreadySetUp);
    }
    tx.commit().await?;
    Ok(StartedTotp {
        uri: secret.uri(app.mailer.service(), &signed_in.email),
        secret,
        expires_at: now + PENDING_LIFETIME,
    })
}
