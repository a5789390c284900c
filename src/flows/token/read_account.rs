//! A person looks at their account.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::user::Account;
use crate::store::users;

/// The account of `user`; `None` when it was deleted meanwhile.
pub async fn read_account(app: &App, user: UserId) -> anyhow::Result<Option<Account>> {
    Ok(users::account(app.db.read().await?.conn(), user).await?)
}
