//! A client replaces a forgotten password with the code that was mailed.

use super::replace_password::{Delivery, replace_password};
use crate::app::App;
use crate::flows::steps::check_code::{Guess, check_code};
use crate::flows::steps::refuse_breached::refuse_breached;
use crate::model::client::Client;
use crate::model::mail::code::{Code, Purpose};
use crate::model::user::email::Email;
use crate::model::user::password::{BreachedPassword, Password};
use crate::store::{codes, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// No code is valid for this address; the same whether or not it has an account.
    #[error("there is no code for this address")]
    NoCode,
    #[error("the code is wrong")]
    InvalidCode,
    #[error(transparent)]
    Breached(#[from] BreachedPassword),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ResetPasswordError);

/// Replaces the password of the account of `email`. The code proves that the owner reads the mail, so what another
/// person may have set up ends. It does not log in.
pub async fn reset_password(
    app: &App,
    email: &Email,
    code: &Code,
    new: Password,
    client: &Client,
) -> Result<(), ResetPasswordError> {
    let subjects = app.codes.address_subjects(Purpose::ResetPassword, email);
    let guessed = match check_code(app, &subjects, code, client, app.clock.now()).await? {
        Guess::NoCode => return Err(ResetPasswordError::NoCode),
        Guess::Wrong => return Err(ResetPasswordError::InvalidCode),
        Guess::Right(guessed) => guessed,
    };
    // No mail ever showed the code of an address without an account, so a match here is as unlikely as a lucky guess.
    let user = guessed.user_id.ok_or(ResetPasswordError::InvalidCode)?;
    refuse_breached(app, &new).await?;
    let hash = app.hasher.admit_known(client)?.hash(new).await?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    users::lock(&mut tx, user).await?;
    let known = users::by_email(tx.conn(), email)
        .await?
        .filter(|known| known.id == user);
    let is_first_use = codes::consume(tx.conn(), &guessed.subject, &guessed.code_hash, now).await?;
    let owner = match known.filter(|_| is_first_use) {
        Some(known) => users::own_account(tx.conn(), known.id).await?,
        None => None,
    };
    let owner = owner.ok_or(ResetPasswordError::NoCode)?;
    let ended = replace_password(app, &mut tx, &owner, (&hash, Delivery::ByMail), client, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::PasswordChanged, ended);
    Ok(())
}
