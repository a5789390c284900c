//! Deletes copies of the database that only served to take an update back.

use chrono::TimeDelta;
use tokio::task::spawn_blocking;

use crate::app::App;

/// How long a copy of before a migration is kept: such a copy still has what people have deleted since.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Deletes the copies of before a migration whose time is over.
///
/// # Errors
/// When the folder of the database can't be read or written to.
pub async fn delete_old_copies(app: &App) -> anyhow::Result<()> {
    let (db, moment) = (app.db.clone(), app.clock.now() - KEPT);
    // A slow disk must not keep requests waiting.
    let deleted = spawn_blocking(move || db.delete_migration_copies(moment)).await??;
    if deleted > 0 {
        tracing::info!(
            copies = deleted,
            "deleted copies of the database from before old migrations"
        );
    }
    Ok(())
}
