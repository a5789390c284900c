//! An operator looks at one webhook.

use uuid::Uuid;

use crate::app::App;
use crate::model::webhook::Webhook;
use crate::store::webhooks;

/// The webhook with this id and the number of events that wait for it.
pub async fn show_webhook(app: &App, id: Uuid) -> anyhow::Result<Option<(Webhook, i64)>> {
    let mut read = app.db.read().await?;
    let Some(webhook) = webhooks::by_id(read.conn(), id).await? else {
        return Ok(None);
    };
    let waiting = webhooks::waiting(read.conn(), id).await?;
    Ok(Some((webhook, waiting)))
}
