//! Tells which values of a sign-up form are taken, all at once.

use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::user::email::Email;
use crate::model::user::username::Username;
use crate::store::{self, users};

/// Which values belong to an account already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    pub email: bool,
    pub username: bool,
}

impl Taken {
    #[must_use]
    pub fn any(self) -> bool {
        self.email || self.username
    }
}

/// Which of these belong to an account, within the limit of `client`.
pub async fn find_taken(
    app: &App,
    client: &Client,
    email: Option<&Email>,
    username: Option<&Username>,
) -> anyhow::Result<Taken> {
    app.limits.allow(Operation::FindTaken, client)?;
    Ok(look_up(app, email, username).await?)
}

/// Which of these belong to an account, without a limit.
pub(in crate::flows) async fn look_up(
    app: &App,
    email: Option<&Email>,
    username: Option<&Username>,
) -> store::Result<Taken> {
    let mut read = app.db.read().await?;
    let mut taken = Taken::default();
    if let Some(email) = email {
        taken.email = users::by_email(read.conn(), email).await?.is_some();
    }
    if let Some(username) = username {
        taken.username = users::by_username(read.conn(), username).await?.is_some();
    }
    Ok(taken)
}
