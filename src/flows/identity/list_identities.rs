//! An account owner lists the identities of the account.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::identity::Identity;
use crate::store::identities;

/// The identities of `user`, the oldest first.
pub async fn list_identities(app: &App, user: UserId) -> anyhow::Result<Vec<Identity>> {
    Ok(identities::of_user(app.db.read().await?.conn(), user).await?)
}
