//! An operator looks at the keys that sign access tokens.

use crate::app::App;
use crate::model::token::signing_key::{StoredKey, signing};
use crate::store::{self, signing_keys};

/// All keys in the order in which they sign, and the number of the one that signs now.
pub async fn list_signing_keys(app: &App) -> store::Result<(Vec<StoredKey>, Option<i64>)> {
    let mut read = app.db.read().await?;
    let keys = signing_keys::all(read.conn()).await?;
    let active_at: Vec<_> = keys.iter().map(|key| key.active_at).collect();
    let current = signing(&active_at, app.clock.now()).map(|index| keys[index].number);
    Ok((keys, current))
}
