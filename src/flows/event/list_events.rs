//! An account owner reads what happened to the account.

use uuid::Uuid;

use crate::app::App;
use crate::model::event::ListedEvent;
use crate::model::id::UserId;
use crate::store::events;

/// At most `limit` events of the account, the latest first, and whether there are more. With `before`, those that come
/// before that event.
pub async fn list_events(
    app: &App,
    user: UserId,
    before: Option<Uuid>,
    limit: u32,
) -> anyhow::Result<(Vec<ListedEvent>, bool)> {
    let mut read = app.db.read().await?;
    let mut listed = events::of_user(read.conn(), user, before, limit.saturating_add(1)).await?;
    let has_more = listed.len() > limit as usize;
    listed.truncate(limit as usize);
    Ok((listed, has_more))
}
