//! The service forgets failures and devices whose time has come.

use chrono::TimeDelta;

use crate::app::App;
use crate::model::device::Device;
use crate::store::{attempts, devices};

/// Rows of each table deleted in one transaction: few enough that nobody waits long for the write lock.
const BATCH: u16 = 500;

/// Deletes one batch of old failures and devices; `true` when there may be more.
pub async fn forget_attempts(app: &App) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let failures = attempts::purge(tx.conn(), now, BATCH.into()).await?;
    let unseen_since = now - TimeDelta::days(Device::KEPT_DAYS);
    let unseen = devices::purge(tx.conn(), unseen_since, BATCH.into()).await?;
    tx.commit().await?;
    Ok(failures.max(unseen) == u64::from(BATCH))
}
