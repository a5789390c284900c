//! Records that an account was deleted, and erases what was recorded about it before.

use chrono::{DateTime, Utc};

use crate::model::event::{Actor, Event, EventKind};
use crate::model::id::UserId;
use crate::store::{self, Tx, events};

/// Leaves one event of the account of `user`: that it was deleted, when, and by which party. Call it in the transaction
/// that deletes the account.
pub(in crate::flows) async fn record_deletion(
    tx: &mut Tx,
    user: UserId,
    actor: Actor,
    now: DateTime<Utc>,
) -> store::Result<()> {
    events::erase(tx.conn(), user).await?;
    events::record(
        tx.conn(),
        &Event::new(EventKind::AccountDeleted, Some(user), actor, now),
    )
    .await
}
