//! Brings events into order that were restored from the dump of another PostgreSQL server.

use crate::app::App;
use crate::store::events;

/// Events are ordered by transactions, and a dump brings the numbers of its own server's along. Until this one has come
/// as far, which may take years, no reader would get them, and webhooks would be told of nothing new.
pub async fn adopt_events(app: &App) -> anyhow::Result<()> {
    // Mostly there are none: a look costs less than the transaction.
    if !events::has_foreign(app.db.read().await?.conn()).await? {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    let adopted = events::adopt_foreign(&mut tx).await?;
    tx.commit().await?;
    tracing::info!(
        events = adopted,
        "the database was restored from another PostgreSQL server; its events come before new ones from now on"
    );
    Ok(())
}
