//! Records that an account was deleted, and erases what was recorded about it before.

use crate::model::event::Event;
use crate::store::{self, Tx, events};

/// Leaves one event of the deleted account: `event`, which says when and by which party. Call it in the transaction
/// that deletes the account.
pub(in crate::flows) async fn record_deletion(tx: &mut Tx, event: &Event) -> store::Result<()> {
    if let Some(user) = event.user {
        events::erase(tx.conn(), user).await?;
    }
    events::record(tx.conn(), event).await
}
