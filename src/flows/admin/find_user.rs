//! An operator names an account by its address, its user name or its id.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::user::email::Email;
use crate::model::user::listed::ListedUser;
use crate::model::user::username::Username;
use crate::store::{self, users};

/// The account with this address, user name or id; whole, not the beginning of one.
pub async fn find_user(app: &App, name: &str) -> store::Result<Option<ListedUser>> {
    let mut read = app.db.read().await?;
    let id = if let Ok(id) = name.trim().parse() {
        Some(UserId(id))
    } else if let Ok(email) = Email::parse(name) {
        users::by_email(read.conn(), &email).await?.map(|known| known.id)
    } else if let Ok(username) = Username::parse(name) {
        users::by_username(read.conn(), &username).await?.map(|known| known.id)
    } else {
        None
    };
    match id {
        Some(id) => users::listed(read.conn(), id).await,
        None => Ok(None),
    }
}
