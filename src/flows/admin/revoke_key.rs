//! An operator revokes a key for the admin API.

use uuid::Uuid;

use crate::app::App;
use crate::model::admin::Operator;
use crate::store::{admin_keys, events};

/// Deletes the key, which stops working at once on every instance; `false` if there is none of this id.
pub async fn revoke_key(app: &App, id: Uuid) -> anyhow::Result<bool> {
    let mut tx = app.db.write().await?;
    let was_there = admin_keys::delete(tx.conn(), id).await?;
    if was_there {
        let event = Operator::at_command_line().action("admin_key_revoked", None, app.clock.now());
        events::record(tx.conn(), &event.with("key", &id)).await?;
    }
    tx.commit().await?;
    Ok(was_there)
}
