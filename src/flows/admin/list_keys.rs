//! An operator looks at the keys for the admin API.

use crate::app::App;
use crate::model::admin::key::AdminKey;
use crate::store::admin_keys;

/// Every key, the oldest first; expired ones too.
pub async fn list_keys(app: &App) -> anyhow::Result<Vec<AdminKey>> {
    Ok(admin_keys::all(app.db.read().await?.conn()).await?)
}
