//! A client replaces a forgotten password with the key of a mailed link.

use super::replace_password::{Delivery, replace_password};
use crate::app::App;
use crate::flows::steps::refuse_breached::refuse_breached;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::limit::Operation;
use crate::model::mail::code::{Code, KeyedHash, Purpose};
use crate::model::user::email::Email;
use crate::model::user::password::{BreachedPassword, Password};
use crate::store::{self, Read, Tx, codes, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordWithKeyError {
    /// The key is wrong, used, voided or expired.
    #[error("the key is not valid")]
    InvalidKey,
    #[error("the new password is the account's address")]
    SameAsEmail,
    #[error(transparent)]
    Breached(#[from] BreachedPassword),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ResetPasswordWithKeyError);

/// Replaces the password of the account that `key` was mailed to, or was handed over for by an operator, and sets the
/// first password of a guest that the key invites. It does the same as a reset with a code, but no stranger can use the
/// key up: guesses at 256 bits need no count, and only the client's own network is limited.
pub async fn reset_password_with_key(
    app: &App,
    key: &Code,
    new: Password,
    client: &Client,
) -> Result<(), ResetPasswordWithKeyError> {
    app.limits.allow_network(Operation::Check, client)?;
    let mut read = app.db.read().await?;
    let known = find(app, &mut read, key).await?;
    let (user, subject, delivery) = known.ok_or(ResetPasswordWithKeyError::InvalidKey)?;
    let owner = users::own_account(read.conn(), user).await?;
    drop(read);
    let owner = owner.ok_or(ResetPasswordWithKeyError::InvalidKey)?;
    // The other rules were checked before there was an address to compare with.
    let email = Email::parse(&owner.email).ok();
    if app.password_policy.check(&new, email.as_ref()).is_err() {
        return Err(ResetPasswordWithKeyError::SameAsEmail);
    }
    refuse_breached(app, &new).await?;
    let hash = app.hasher.admit_known(client)?.hash(new).await?;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    users::lock(&mut tx, user).await?;
    if delivery == Delivery::ByOperator && has_admin_right(&mut tx, user).await? {
        return Err(ResetPasswordWithKeyError::InvalidKey);
    }
    let is_first_use = codes::consume(tx.conn(), &subject, &app.codes.hash_code(&subject, key), now).await?;
    let owner = users::own_account(tx.conn(), user).await?.filter(|_| is_first_use);
    let owner = owner.ok_or(ResetPasswordWithKeyError::InvalidKey)?;
    let ended = replace_password(app, &mut tx, &owner, (&hash, delivery), client, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::PasswordChanged, ended);
    Ok(())
}

/// Such accounts take no key that an operator handed over: the admin API, which makes these keys, may not change them.
async fn has_admin_right(tx: &mut Tx, user: UserId) -> store::Result<bool> {
    let user = users::listed(tx.conn(), user).await?;
    Ok(user.is_some_and(|user| user.admin_at.is_some()))
}

/// The account of a key that is alive, the key's subject, and how the client came by it.
async fn find(app: &App, read: &mut Read, key: &Code) -> store::Result<Option<(UserId, KeyedHash, Delivery)>> {
    for (purpose, delivery) in [
        (Purpose::RecoveryKey, Delivery::ByMail),
        (Purpose::HandedRecoveryKey, Delivery::ByOperator),
        (Purpose::Invitation, Delivery::ByMail),
    ] {
        let subject = app.codes.key_subject(key, purpose);
        if let Some(user) = codes::owner_of_key(read.conn(), &subject, app.clock.now()).await? {
            return Ok(Some((user, subject, delivery)));
        }
    }
    Ok(None)
}
