//! The service forgets what has expired.

use crate::app::App;
use crate::store::{codes, outbox, sessions};
use crate::telemetry::{self, Ended};

/// Rows deleted in one transaction: few enough that nobody waits long for the write lock.
const BATCH: u16 = 500;

/// Deletes one batch of expired sessions, codes and mails; `true` when there may be more.
pub async fn purge_expired(app: &App) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let ended = sessions::purge(tx.conn(), now, BATCH.into()).await?;
    let codes = codes::purge(tx.conn(), now, BATCH.into()).await?;
    let mails = outbox::purge(tx.conn(), now, BATCH.into()).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Expired, ended);
    Ok([ended, codes, mails].contains(&BATCH.into()))
}
