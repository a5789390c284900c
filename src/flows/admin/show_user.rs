//! An operator looks at one account.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::user::listed::ListedUser;
use crate::store::users;

/// The account; `None` if there is none of this id.
pub async fn show_user(app: &App, id: UserId) -> anyhow::Result<Option<ListedUser>> {
    Ok(users::listed(app.db.read().await?.conn(), id).await?)
}
