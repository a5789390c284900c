//! The webhooks that want to be told of events.

use uuid::Uuid;

use crate::app::App;
use crate::store::webhooks;

/// The ids of the webhooks that are not disabled.
pub async fn active_webhooks(app: &App) -> anyhow::Result<Vec<Uuid>> {
    let all = webhooks::all(app.db.read().await?.conn()).await?;
    let active = all.into_iter().filter(|webhook| webhook.disabled_at.is_none());
    Ok(active.map(|webhook| webhook.id).collect())
}
