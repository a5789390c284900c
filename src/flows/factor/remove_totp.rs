//! An account owner removes the authenticator app.

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::store::{events, totp};

#[derive(Debug, thiserror::Error)]
pub enum RemoveTotpError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error("the account has no authenticator app")]
    NotSetUp,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RemoveTotpError);

/// Removes the app and the recovery codes; log-in takes one step again. A fresh proof by a second factor is needed.
pub async fn remove_totp(app: &App, signed_in: &SignedIn, client: &Client) -> Result<(), RemoveTotpError> {
    let reauthenticated = reauthenticate(app, signed_in, None, client).await?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(RemoveTotpError::NotAuthenticated);
    }
    reauthenticated.record_success(&mut tx, now).await?;
    if !totp::remove_with_recovery_codes(&mut tx, signed_in.user_id).await? {
        return Err(RemoveTotpError::NotSetUp);
    }
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::AuthenticatorRemoved { at: format_time(now) };
    notify(app, &mut tx, owner, client, message, now).await?;
    let event = Event::by_owner(EventKind::FactorRemoved, signed_in.user_id, client, now);
    events::record(tx.conn(), &event.in_session(signed_in.session_id).with("kind", &"totp")).await?;
    tx.commit().await?;
    Ok(())
}
