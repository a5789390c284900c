//! An account owner changes the user name, the names or the telephone number.

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::session::SignedIn;
use crate::model::user::{OwnAccount, ProfileChanges};
use crate::store::{Tx, users};

#[derive(Debug, thiserror::Error)]
pub enum UpdateProfileError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error("the user name belongs to another account")]
    UsernameTaken,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(UpdateProfileError);

/// Makes the `changes`. They open no way into the account, so they need no fresh proof and end no session.
pub async fn update_profile(
    app: &App,
    signed_in: &SignedIn,
    changes: &ProfileChanges,
    client: &Client,
) -> Result<OwnAccount, UpdateProfileError> {
    app.limits.allow_account(signed_in.user_id, client)?;
    ensure_free(app, changes, signed_in, client).await?;
    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, app.clock.now()).await? {
        return Err(UpdateProfileError::NotAuthenticated);
    }
    store_profile(&mut tx, signed_in, changes).await?;
    let account = users::own_account(tx.conn(), signed_in.user_id).await?;
    tx.commit().await?;
    account.ok_or(UpdateProfileError::NotAuthenticated)
}

/// Rejects a user name that belongs to another account. The owner may write their own name in another way.
pub(super) async fn ensure_free(
    app: &App,
    changes: &ProfileChanges,
    signed_in: &SignedIn,
    client: &Client,
) -> Result<(), UpdateProfileError> {
    let Some(username) = &changes.username else {
        return Ok(());
    };
    // A session asks, so the limit of all networks together does not count.
    app.limits.allow_network(Operation::FindTaken, client)?;
    let holder = users::by_username(app.db.read().await?.conn(), username).await?;
    match holder {
        Some(holder) if holder.id != signed_in.user_id => Err(UpdateProfileError::UsernameTaken),
        _ => Ok(()),
    }
}

/// Stores the `changes`, if there are any.
pub(super) async fn store_profile(
    tx: &mut Tx,
    signed_in: &SignedIn,
    changes: &ProfileChanges,
) -> Result<(), UpdateProfileError> {
    if changes.any() && !users::change_profile(tx.conn(), signed_in.user_id, changes).await? {
        return Err(UpdateProfileError::UsernameTaken);
    }
    Ok(())
}
