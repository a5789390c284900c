//! The service forgets sessions that have expired.

use crate::app::App;
use crate::store::sessions;
use crate::telemetry::{self, Ended};

/// Rows deleted in one transaction: few enough that nobody waits long for the write lock.
const BATCH: u16 = 500;

/// Deletes one batch of expired sessions; `true` when there may be more.
pub async fn purge_sessions(app: &App) -> anyhow::Result<bool> {
    let mut tx = app.db.write().await?;
    let purged = sessions::purge(tx.conn(), app.clock.now(), BATCH.into()).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Expired, purged);
    Ok(purged == u64::from(BATCH))
}
