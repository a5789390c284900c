//! Tells which values of a sign-up form are taken, all at once.

use super::allow_sign_up::allow_sign_up;
use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::user::Credentials;
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
    if let Some(email) = email {
        app.allow_new_account(email)?;
    }
    allow_sign_up(app, Operation::FindTaken, client).await?;
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
    let mut in_the_way = None;
    for form in email.iter().flat_map(|email| email.stored_forms()) {
        match users::by_stored_form(read.conn(), form).await? {
            Some(holder) if email.is_some_and(|email| email.is_address_of(&holder.email)) => taken.email = true,
            Some(holder) if email.is_some_and(|email| email.canonical() == form) => in_the_way = Some(holder),
            _ => {}
        }
    }
    if let Some(username) = username {
        taken.username = users::by_username(read.conn(), username).await?.is_some();
    }
    drop(read);
    if let Some(holder) = in_the_way {
        make_way(app, &holder).await?;
    }
    Ok(taken)
}

/// Gives an account that an earlier version stored under the form of another address the form of its own.
async fn make_way(app: &App, holder: &Credentials) -> store::Result<()> {
    let Ok(own) = Email::parse(&holder.email) else {
        return Ok(());
    };
    let once = app.db.once();
    once.run_statement(async |statement| users::refresh_stored_form(statement, holder.id, &own).await)
        .await
}
