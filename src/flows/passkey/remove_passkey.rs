//! An account owner removes a passkey.

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::last_credential::last_credential;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::mail::{Message, format_time};
use crate::model::passkey::stored::PasskeyId;
use crate::model::session::SignedIn;
use crate::store::{events, passkeys};

#[derive(Debug, thiserror::Error)]
pub enum RemovePasskeyError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Also for a passkey of another account.
    #[error("the account has no such passkey")]
    NotFound,
    #[error("the passkey is the last way into the account")]
    LastCredential,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RemovePasskeyError);

/// Removes a passkey and mails the owner.
///
/// # Errors
/// [`RemovePasskeyError::LastCredential`] when neither a password, another passkey nor an identity would be left.
pub async fn remove_passkey(
    app: &App,
    signed_in: &SignedIn,
    id: PasskeyId,
    client: &Client,
) -> Result<(), RemovePasskeyError> {
    reauthenticate(app, signed_in, None, client).await?;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    // Locks the account, so that of two removals at once the second sees what the first has left.
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(RemovePasskeyError::NotAuthenticated);
    }
    let removed = passkeys::delete(tx.conn(), signed_in.user_id, id).await?;
    let name = removed.ok_or(RemovePasskeyError::NotFound)?;
    if last_credential(app, &mut tx, signed_in.user_id).await? {
        return Err(RemovePasskeyError::LastCredential);
    }
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::PasskeyRemoved {
        at: format_time(now),
        name,
    };
    notify(app, &mut tx, owner, client, message, now).await?;
    let event = Event::by_owner(EventKind::PasskeyRemoved, signed_in.user_id, client, now);
    events::record(tx.conn(), &event.in_session(signed_in.session_id)).await?;
    tx.commit().await?;
    Ok(())
}
