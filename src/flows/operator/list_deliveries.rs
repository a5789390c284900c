//! An operator looks at what a webhook was told.

use uuid::Uuid;

use crate::app::App;
use crate::model::webhook::ListedDelivery;
use crate::store::webhooks;

/// At most `limit` deliveries of a webhook, the latest first, and whether there are more; `None` if there is no such
/// webhook. With `before`, those that come before that position.
pub async fn list_deliveries(
    app: &App,
    webhook: Uuid,
    before: Option<i64>,
    limit: u32,
) -> anyhow::Result<Option<(Vec<ListedDelivery>, bool)>> {
    let mut read = app.db.read().await?;
    if webhooks::by_id(read.conn(), webhook).await?.is_none() {
        return Ok(None);
    }
    let before = before.unwrap_or(i64::MAX);
    let mut listed = webhooks::deliveries(read.conn(), webhook, before, limit.saturating_add(1)).await?;
    let has_more = listed.len() > limit as usize;
    listed.truncate(limit as usize);
    Ok(Some((listed, has_more)))
}
