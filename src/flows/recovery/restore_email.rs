//! An owner whose account was moved to another address brings it back to theirs.

use anyhow::Context;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::check_code::{Guess, check_code};
use crate::flows::steps::prove_address::{Proof, prove_address};
use crate::flows::steps::record_deletion::record_deletion;
use crate::model::client::Client;
use crate::model::event::{Actor, Event, EventKind};
use crate::model::id::UserId;
use crate::model::mail::code::{Code, Purpose, RESTORE_LIFETIME};
use crate::model::user::email::Email;
use crate::store::{Tx, codes, events, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum RestoreEmailError {
    #[error("the restore key is not valid")]
    InvalidToken,
    #[error("the former address belongs to another account by now")]
    EmailTaken,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RestoreEmailError);

/// Moves the account back to the address that `token` was mailed to. The client that moved it away knew the
/// password, so the password is removed, and every session, open code and device with it. The same goes for passkeys
/// and linked identities, which that client may have added and which open the account by themselves. An authenticator
/// app opens nothing by itself: one that the owner could object to in time stays, so that a stranger in the former
/// mailbox does not get past it.
pub async fn restore_email(app: &App, token: &Code, client: &Client) -> Result<(), RestoreEmailError> {
    let subject = app.codes.key_subject(token, Purpose::RestoreEmail);
    let now = app.clock.now();
    let Guess::Right(guessed) = check_code(app, &[subject], token, client, now).await? else {
        return Err(RestoreEmailError::InvalidToken);
    };
    let user = guessed.user_id.context("a restore key without an account")?;
    let former = guessed.email.context("a restore key without an address")?;
    let former = Email::parse(&former).context("a stored address is not an e-mail address")?;

    let mut tx = app.db.write().await?;
    users::lock(&mut tx, user).await?;
    if !codes::consume(tx.conn(), &guessed.subject, &guessed.code_hash, now).await? {
        return Err(RestoreEmailError::InvalidToken);
    }
    free_address(&mut tx, user, &former, now).await?;
    if !users::change_email(&mut tx, user, &former, now).await? {
        return Err(RestoreEmailError::EmailTaken);
    }
    users::change_password(tx.conn(), user, None).await?;
    let in_time = guessed.issued_at - RESTORE_LIFETIME;
    users::remove_factors_of_thief(&mut tx, user, in_time).await?;
    // The thief may have changed the address again, and so may hold a later restore key of their own.
    codes::void_restore_email_since(tx.conn(), user, guessed.issued_at, now).await?;
    let ended = prove_address(&mut tx, user, Proof::ByMail, client, now).await?;
    let event = Event::by_owner(EventKind::EmailChanged, user, client, now).with("restored", &true);
    events::record(tx.conn(), &event).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::EmailRestored, ended.sessions);
    Ok(())
}

/// Makes the address free again. An account that was created for it and never confirmed must not keep the address from
/// its owner.
async fn free_address(tx: &mut Tx, user: UserId, former: &Email, now: DateTime<Utc>) -> Result<(), RestoreEmailError> {
    let Some(other) = users::by_email(tx.conn(), former)
        .await?
        .filter(|other| other.id != user)
    else {
        return Ok(());
    };
    if other.email_verified_at.is_some() {
        return Err(RestoreEmailError::EmailTaken);
    }
    users::delete(tx, other.id).await?;
    let event = Event::new(EventKind::AccountDeleted, Some(other.id), Actor::System, now);
    Ok(record_deletion(tx, &event).await?)
}
