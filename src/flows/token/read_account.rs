//! A client of the token API reads its account.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::user::Account;
use crate::store::users;

/// The account of `user`; `None` when a concurrent request has deleted it.
pub async fn read_account(app: &App, user: UserId) -> anyhow::Result<Option<Account>> {
    Ok(users::account(app.db.read().await?.conn(), user).await?)
}
