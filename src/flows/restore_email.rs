//! Somebody whose account was moved to another address brings it back to theirs.

use anyhow::Context;

use super::check_code::{Guess, check_code};
use crate::app::App;
use crate::model::client::Client;
use crate::model::code::Code;
use crate::model::email::Email;
use crate::store::{self, codes, sessions, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum RestoreEmailError {
    #[error("the key is not good")]
    InvalidToken,
    #[error("the former address belongs to another account by now")]
    EmailTaken,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<store::Error> for RestoreEmailError {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Moves the account back to the address that `token` was mailed to. Whoever moved it away knows the password, so that is
/// taken away, and every session and open code ends.
pub async fn restore_email(app: &App, token: &Code, client: &Client) -> Result<(), RestoreEmailError> {
    let subject = app.codes.way_back(token);
    let now = app.clock.now();
    let Guess::Right(guessed) = check_code(app, &subject, token, client, now).await? else {
        return Err(RestoreEmailError::InvalidToken);
    };
    let user = guessed.user_id.context("a way back without an account")?;
    let former = guessed.email.context("a way back without an address")?;
    let former = Email::parse(&former).context("a stored address is none")?;

    let mut tx = app.db.write().await?;
    users::lock(tx.conn(), user).await?;
    if !codes::consume(tx.conn(), &subject, &guessed.code_hash, now).await? {
        return Err(RestoreEmailError::InvalidToken);
    }
    if !users::change_email(tx.conn(), user, &former, now).await? {
        return Err(RestoreEmailError::EmailTaken);
    }
    users::change_password(tx.conn(), user, None).await?;
    codes::void_all_of_user(tx.conn(), user, now).await?;
    let ended = sessions::end_all_of_user(tx.conn(), user, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::EmailRestored, ended);
    Ok(())
}
