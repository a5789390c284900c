//! An operator looks at the webhooks.

use crate::app::App;
use crate::model::webhook::Webhook;
use crate::store::webhooks;

/// Every webhook, the oldest first, with the number of events that wait for it.
pub async fn list_webhooks(app: &App) -> anyhow::Result<Vec<(Webhook, i64)>> {
    let mut read = app.db.read().await?;
    let mut listed = Vec::new();
    for webhook in webhooks::all(read.conn()).await? {
        let waiting = webhooks::waiting(read.conn(), webhook.id).await?;
        listed.push((webhook, waiting));
    }
    Ok(listed)
}
