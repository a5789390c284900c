//! An account owner removes an identity.

use uuid::Uuid;

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::last_credential::last_credential;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::store::{events, identities};

#[derive(Debug, thiserror::Error)]
pub enum RemoveIdentityError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error("the account has no such identity")]
    NotFound,
    #[error("the identity is the last way into the account")]
    LastCredential,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RemoveIdentityError);

/// Removes the identity `id` from the account. Asks for a fresh proof.
pub async fn remove_identity(
    app: &App,
    signed_in: &SignedIn,
    id: Uuid,
    client: &Client,
) -> Result<(), RemoveIdentityError> {
    let reauthenticated = reauthenticate(app, signed_in, None, client).await?;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(RemoveIdentityError::NotAuthenticated);
    }
    reauthenticated.record_success(&mut tx, now).await?;
    let provider = identities::remove(tx.conn(), signed_in.user_id, id).await?;
    let provider = provider.ok_or(RemoveIdentityError::NotFound)?;
    if last_credential(app, &mut tx, signed_in.user_id).await? {
        return Err(RemoveIdentityError::LastCredential);
    }
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let event = Event::by_owner(EventKind::IdentityRemoved, signed_in.user_id, client, now)
        .in_session(signed_in.session_id)
        .with("provider", &provider);
    events::record(tx.conn(), &event).await?;
    let message = Message::IdentityRemoved {
        at: format_time(now),
        provider,
    };
    notify(app, &mut tx, owner, client, message, now).await?;
    tx.commit().await?;
    Ok(())
}
