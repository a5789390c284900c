//! An operator asks which accounts were deleted, for the restore of a copy from before that.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::event::Deletion;
use crate::store::events;

/// Number of deletions that are read at once.
const PAGE: u32 = 1000;

/// Gives every deletion since `since` to `write`, a page at a time and the oldest first. Deletions are kept as long as
/// other events.
///
/// # Errors
/// Those of the database and of `write`.
pub async fn list_deletions(
    app: &App,
    since: DateTime<Utc>,
    write: &mut dyn FnMut(&[Deletion]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let mut read = app.db.read().await?;
        let page = events::deletions(read.conn(), since, after, PAGE).await?;
        drop(read);
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.number;
        write(&page)?;
    }
}
