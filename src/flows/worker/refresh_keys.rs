//! The service learns of signing keys that were added elsewhere, and forgets those that are done.

use crate::app::App;

/// Reads the keys anew and deletes those that verify nothing any more.
pub async fn refresh_keys(app: &App) -> anyhow::Result<()> {
    app.tokens.keys.reload().await?;
    app.tokens.keys.delete_retired(app.clock.now()).await
}
