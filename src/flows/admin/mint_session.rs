//! A test of an application wants a person who is signed in, and cares not how.

use super::create_user::{CreateUser, CreateUserError, create_user};
use crate::app::App;
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, start_proven_session};
use crate::model::admin::Operator;
use crate::model::session::methods::{AuthenticationMethod, Methods};
use crate::model::session::started::Outcome;
use crate::model::user::email::Email;
use crate::model::user::{AccountLookup, Identifier, Profile};
use crate::store::users;

/// Starts a session for the account of `email` without any proof, as after a password and a second factor. If there is
/// no such account, it makes one with a confirmed address and no password. Only `serve --ephemeral` offers this.
///
/// # Errors
/// [`AccountDisabled`](crate::model::user::AccountDisabled).
pub async fn mint_session(app: &App, email: Email, start: SessionStart) -> anyhow::Result<Outcome> {
    let new = CreateUser {
        email: email.clone(),
        password: None,
        is_verified: true,
        profile: Profile::default(),
    };
    match create_user(app, &Operator::at_command_line(), new).await {
        Ok(_) | Err(CreateUserError::Taken(_)) => {}
        Err(CreateUserError::Breached(error)) => return Err(error.into()),
        Err(CreateUserError::Internal(error)) => return Err(error),
    }
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let login = Identifier::Email(email);
    let lookup = AccountLookup::Identifier(&login);
    let known = users::credentials_and_familiarity(tx.conn(), lookup, &start.client, now).await?;
    let Some(known) = known else {
        anyhow::bail!("the account was deleted as its session was made");
    };
    let owner = Owner {
        id: known.credentials.id,
        email: &known.credentials.email,
        email_verified: known.credentials.email_verified_at.is_some(),
        device_generation: known.familiarity.device_generation,
    };
    let methods = Methods::PASSWORD.and(AuthenticationMethod::MultipleFactors);
    let starting = StartingSession::new(app, owner, start, methods, now)?;
    let outcome = start_proven_session(app, tx, owner, starting).await?;
    outcome.ok_or_else(|| anyhow::anyhow!("the account was deleted as its session was made"))
}
