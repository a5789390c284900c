//! The service learns of signing keys that were added elsewhere, and forgets those that are done.

use crate::app::App;

/// Deletes keys that verify nothing any more and reads the rest anew.
pub async fn refresh_keys(app: &App) -> anyhow::Result<()> {
    app.tokens.keys.delete_retired(app.clock.now()).await?;
    app.tokens.keys.reload().await
}
