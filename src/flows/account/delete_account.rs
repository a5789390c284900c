//! An account owner deletes the account.

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::flows::steps::record_deletion::record_deletion;
use crate::model::client::Client;
use crate::model::event::{Actor, Event, EventKind};
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::model::user::password::Password;
use crate::store::{sessions, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(DeleteAccountError);

/// Deletes everything that is stored about the account and ends all its sessions. Only one event stays: that an account
/// with this id was deleted, and when.
pub async fn delete_account(
    app: &App,
    signed_in: &SignedIn,
    current: Option<Password>,
    client: &Client,
) -> Result<(), DeleteAccountError> {
    let reauthenticated = reauthenticate(app, signed_in, current, client).await?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(DeleteAccountError::NotAuthenticated);
    }
    reauthenticated.record_success(&mut tx, now).await?;
    let ended = sessions::end_all_of_user(&mut tx, signed_in.user_id, now).await?;
    users::delete(&mut tx, signed_in.user_id).await?;
    let event = Event::new(EventKind::AccountDeleted, Some(signed_in.user_id), Actor::Owner, now);
    record_deletion(&mut tx, &event).await?;
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::AccountDeleted { at: format_time(now) };
    notify(app, &mut tx, owner, client, message, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::AccountDeleted, ended);
    Ok(())
}
