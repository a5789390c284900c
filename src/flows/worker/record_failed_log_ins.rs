//! Records the failed log-ins that were counted since the last round.

use crate::app::App;
use crate::store::events;

/// Events of one transaction: few enough that requests don't wait long for the write lock.
const BATCH: usize = 500;

/// Records one event for each account and network, except for accounts that were deleted since.
pub async fn record_failed_log_ins(app: &App) -> anyhow::Result<()> {
    let failed = app.failed_log_ins.take(&app.limits);
    for batch in failed.chunks(BATCH) {
        let mut tx = app.db.write().await?;
        for event in batch {
            events::record_if_account_exists(tx.conn(), event).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
