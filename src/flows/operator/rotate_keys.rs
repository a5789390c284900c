//! An operator replaces the key that signs access tokens.

use crate::app::App;

/// Adds a key that starts to sign once every cache has had time to fetch it. The old key verifies until its tokens
/// expire.
pub async fn rotate_keys(app: &App) -> anyhow::Result<()> {
    app.tokens.keys.rotate(app.clock.now()).await
}
