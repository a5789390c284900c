//! Deletes what has expired.

use chrono::TimeDelta;

use crate::app::App;
use crate::model::device::Device;
use crate::store::passkeys::spent_challenges;
use crate::store::{attempts, codes, devices, events, outbox, sessions};
use crate::telemetry::{self, Ended};

/// Rows of each table per step: few enough that requests don't wait long for the write lock.
const BATCH: u16 = 500;

/// How far the clocks of two instances may be apart. A mail that was written later than this from now was written
/// before the clock was set back, and would wait until then.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

/// Deletes one batch of expired sessions, codes, mails, failures, answered challenges, devices and events, and makes
/// mails due that a clock that was set back would delay; `true` when there may be more.
pub async fn purge_expired(app: &App) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let unseen_since = now - TimeDelta::days(Device::RETENTION_DAYS);
    let mut tx = app.db.write().await?;
    let codes = codes::purge(tx.conn(), now, BATCH.into()).await?;
    let mails = outbox::purge(tx.conn(), now, BATCH.into()).await?;
    let delayed = outbox::make_due_if_written_after(tx.conn(), now, now + CLOCKS_DIFFER, BATCH.into()).await?;
    let failures = attempts::purge(tx.conn(), now, BATCH.into()).await?;
    let challenges = spent_challenges::purge(tx.conn(), now, BATCH.into()).await?;
    let devices = devices::purge(tx.conn(), unseen_since, BATCH.into()).await?;
    let events = events::purge(tx.conn(), now - app.event_retention, BATCH.into()).await?;
    // Last, because only these steps lock rows of live sessions: they must not wait for other locks while they hold
    // those.
    let alive = sessions::postpone_purge(tx.conn(), now, BATCH.into()).await?;
    let ended = sessions::purge(&mut tx, now, BATCH.into()).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Expired, ended);
    let handled = [
        alive + ended,
        codes,
        mails,
        delayed,
        failures,
        challenges,
        devices,
        events,
    ];
    // Sessions that live on were only looked at.
    telemetry::purged(handled.iter().sum::<u64>() - alive - delayed);
    Ok(handled.into_iter().any(|rows| rows >= BATCH.into()))
}
