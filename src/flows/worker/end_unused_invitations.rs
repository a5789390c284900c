//! Deletes accounts that were made for a guest who never came.

use crate::app::App;
use crate::flows::steps::record_deletion::record_deletion;
use crate::model::event::{Actor, Event, EventKind};
use crate::model::id::UserId;
use crate::store::codes::invitations;
use crate::store::users;

/// Invitations per step.
const BATCH: u16 = 100;

/// Ends one batch of invitations that have expired; `true` when there may be more.
pub async fn end_unused_invitations(app: &App) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut read = app.db.read().await?;
    let expired = invitations::expired(read.conn(), now, BATCH.into()).await?;
    drop(read);
    for user in &expired {
        end_invitation(app, *user).await?;
    }
    Ok(expired.len() >= BATCH.into())
}

/// Voids the expired invitation, and deletes its account unless a person or an operator has made something of it.
async fn end_invitation(app: &App, user: UserId) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    users::lock(&mut tx, user).await?;
    let Some(account) = users::listed(tx.conn(), user).await? else {
        return Ok(());
    };
    // Since the invitation was read, an operator may have disabled the account, invited the guest again, or made a
    // recovery link for it.
    if account.disabled_at.is_some() || !invitations::void_expired(tx.conn(), user, now).await? {
        return Ok(());
    }
    let is_untouched = account.email_verified_at.is_none() && !users::has_credentials(tx.conn(), user).await?;
    if is_untouched {
        users::delete(&mut tx, user).await?;
        let event = Event::new(EventKind::AccountDeleted, Some(user), Actor::System, now);
        record_deletion(&mut tx, &event).await?;
    }
    tx.commit().await?;
    Ok(())
}
