//! An operator revokes a key for the admin API.

use uuid::Uuid;

use crate::app::App;
use crate::model::admin::Operator;
use crate::model::event::Event;
use crate::store::{admin_keys, events};

/// Deletes the key, which stops working at once on every instance; `false` if there is none of this id. The audit log
/// keeps its name and its scopes, for the events that name it.
pub async fn revoke_key(app: &App, id: Uuid) -> anyhow::Result<bool> {
    let mut tx = app.db.write().await?;
    let deleted = admin_keys::delete(tx.conn(), id).await?;
    if let Some(key) = &deleted {
        let event = Operator::at_command_line().action("admin_key_revoked", None, app.clock.now());
        let event = event.with("key", &id).with(Event::KEY_NAME, &key.name);
        events::record(tx.conn(), &event.with("scopes", &key.scopes)).await?;
    }
    tx.commit().await?;
    Ok(deleted.is_some())
}
