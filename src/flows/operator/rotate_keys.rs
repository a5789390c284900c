//! An operator replaces the key that signs access tokens.

use crate::app::App;

/// Adds a key that signs once every cache has had time to learn of it. The old one verifies until its tokens are gone.
pub async fn rotate_keys(app: &App) -> anyhow::Result<()> {
    app.tokens.keys.rotate(app.clock.now()).await
}
