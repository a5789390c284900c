//! Reads signing keys that other instances added, and deletes those that are no longer needed.

use crate::app::App;

/// Reads the keys again and deletes those that verify nothing any more.
pub async fn refresh_keys(app: &App) -> anyhow::Result<()> {
    app.tokens.keys.reload().await?;
    app.tokens.keys.delete_retired(app.clock.now()).await
}
