//! A client replaces a forgotten password with the code that was mailed.

use crate::app::App;
use crate::flows::steps::check_code::{Guess, check_code};
use crate::flows::steps::clear_failures::clear_failures;
use crate::flows::steps::notify::{Owner, notify};
use crate::model::client::Client;
use crate::model::mail::code::Code;
use crate::model::mail::{Message, format_time};
use crate::model::user::email::Email;
use crate::model::user::password::Password;
use crate::store::{codes, sessions, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// No code is valid for this address; the same whether or not it has an account.
    #[error("there is no code for this address")]
    NoCode,
    #[error("the code is wrong")]
    InvalidCode,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ResetPasswordError);

/// Replaces the password of the account of `email`. The code proves that the owner reads the mail, so everything ends
/// that another person may have set up: all sessions and all open codes. It does not log in.
pub async fn reset_password(
    app: &App,
    email: &Email,
    code: &Code,
    new: Password,
    client: &Client,
) -> Result<(), ResetPasswordError> {
    let subject = app.codes.reset_subject(email);
    let guessed = match check_code(app, &subject, code, client, app.clock.now()).await? {
        Guess::NoCode => return Err(ResetPasswordError::NoCode),
        Guess::Wrong => return Err(ResetPasswordError::InvalidCode),
        Guess::Right(guessed) => guessed,
    };
    // No mail ever showed the code of an address without an account, so a match here is as unlikely as a lucky guess.
    let user = guessed.user_id.ok_or(ResetPasswordError::InvalidCode)?;
    let hash = app.hasher.hash(new).await?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    users::lock(tx.conn(), user).await?;
    let owner = users::by_email(tx.conn(), email)
        .await?
        .filter(|owner| owner.id == user);
    let is_first_use = codes::consume(tx.conn(), &subject, &guessed.code_hash, now).await?;
    let owner = owner.filter(|_| is_first_use).ok_or(ResetPasswordError::NoCode)?;
    users::change_password(tx.conn(), user, Some(&hash)).await?;
    users::verify_email(&mut tx, user, now).await?;
    users::set_pending_email(tx.conn(), user, None).await?;
    clear_failures(app, &mut tx, user, client, now).await?;
    codes::void_all_but_restore_email(tx.conn(), user, now).await?;
    let ended = sessions::end_all_of_user(&mut tx, user, now).await?;
    let recipient = Owner {
        email: &owner.email,
        email_verified: true,
    };
    let message = Message::PasswordChanged { at: format_time(now) };
    notify(app, &mut tx, recipient, client, message, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::PasswordChanged, ended);
    Ok(())
}
