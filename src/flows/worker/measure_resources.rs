//! Tells the metrics how full pools, caches and queues are.

use crate::app::App;
use crate::store::{self, outbox};
use crate::telemetry::{self, CacheUse, PoolUse};

/// Mails are counted up to this number, so that a long queue costs no more.
const MOST_COUNTED: u32 = 10_000;

/// Measures what is in memory, then what the database knows.
///
/// # Errors
/// When the database can't be read. What is in memory is measured all the same.
pub async fn measure_resources(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    for pool in app.db.pools() {
        telemetry::database_pool(PoolUse {
            pool: pool.name,
            in_use: pool.in_use,
            idle: pool.idle,
            most: pool.most,
            lost: pool.lost,
        });
    }
    let errors = store::errors_so_far();
    telemetry::database_errors(errors.unavailable, errors.failed);
    telemetry::session_cache(CacheUse {
        entries: app.session_cache.len(),
        hits: app.session_cache.hits(),
        is_trusted: app.session_cache.is_trusted(),
    });
    telemetry::signing_key(app.tokens.keys.active_since(now)?.timestamp());
    let mut read = app.db.read().await?;
    let waiting = outbox::waiting(read.conn(), MOST_COUNTED).await?;
    let oldest = waiting.oldest.map(|written| now - written);
    let oldest = oldest.and_then(|age| age.to_std().ok()).unwrap_or_default();
    telemetry::outbox(usize::try_from(waiting.mails).unwrap_or_default(), oldest);
    Ok(())
}
