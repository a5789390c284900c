//! An operator changes an account: disables or enables it, verifies its address, sets or removes its password.

use chrono::{DateTime, Utc};

use super::claim_user::{ClaimError, claim_user};
use super::end_access::end_access;
use crate::app::App;
use crate::flows::steps::count_attempt::account_name;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::prove_address::{Proof, prove_address};
use crate::flows::steps::refuse_breached::refuse_breached;
use crate::model::admin::Operator;
use crate::model::client::Client;
use crate::model::event::EventKind;
use crate::model::id::UserId;
use crate::model::mail::{Message, format_time};
use crate::model::user::email::Email;
use crate::model::user::listed::ListedUser;
use crate::model::user::password::{BreachedPassword, Password, PasswordHash};
use crate::store::{self, Tx, attempts, events, users};
use crate::telemetry::{self, Ended};

/// What to change; an account that is as asked for already stays as it is, but disabling ends sessions again.
#[derive(Debug, Default)]
pub struct UserChanges {
    /// Whether the account is to be disabled.
    pub disabled: Option<bool>,
    /// Takes the operator's word for the owner's address. Nothing of the account ends by it.
    pub verify_email: bool,
    pub password: PasswordChange,
}

#[derive(Debug, Default)]
pub enum PasswordChange {
    #[default]
    None,
    /// The new password has passed the policy, but for the rule that it must not be the address.
    Set(Password),
    Remove,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeUserError {
    #[error(transparent)]
    Claim(#[from] ClaimError),
    #[error("the new password is the account's address")]
    SameAsEmail,
    #[error(transparent)]
    Breached(#[from] BreachedPassword),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ChangeUserError);

/// Makes the `changes`, all or none. Disabling and enabling end all sessions and void all codes; a change of the
/// password too.
pub async fn change_user(
    app: &App,
    operator: &Operator,
    id: UserId,
    changes: UserChanges,
) -> Result<ListedUser, ChangeUserError> {
    let known = users::listed(app.db.read().await?.conn(), id).await?;
    let known = known.ok_or(ClaimError::NotFound)?;
    let client = operator.client.clone().unwrap_or_else(|| Client::new(None, None, None));
    let hash = match changes.password {
        PasswordChange::None => None,
        PasswordChange::Remove => Some(None),
        PasswordChange::Set(password) => Some(Some(new_hash(app, &known, password, &client).await?)),
    };
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    let user = claim_user(&mut tx, operator, id).await?;
    let mut ended = 0;
    if let Some(hash) = &hash {
        ended += replace_password(app, &mut tx, operator, &user, hash.as_ref(), now).await?;
    }
    if changes.verify_email && users::verify_email(&mut tx, id, now).await? {
        events::record(tx.conn(), &operator.event(EventKind::EmailVerified, Some(id), now)).await?;
    }
    match changes.disabled {
        Some(true) => ended += disable(&mut tx, operator, id, now).await?,
        Some(false) => ended += enable(&mut tx, operator, id, now).await?,
        None => {}
    }
    let user = users::listed(tx.conn(), id).await?.ok_or(ClaimError::NotFound)?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::ByOperator, ended);
    Ok(user)
}

/// Checks what could not be checked before the address was known, and hashes.
async fn new_hash(
    app: &App,
    user: &ListedUser,
    password: Password,
    client: &Client,
) -> Result<PasswordHash, ChangeUserError> {
    let email = Email::parse(&user.email).ok();
    if app.password_policy.check(&password, email.as_ref()).is_err() {
        return Err(ChangeUserError::SameAsEmail);
    }
    refuse_breached(app, &password).await?;
    Ok(app.hasher.admit_known(client)?.hash(password).await?)
}

/// Closes the gate and ends what is behind it, so that the account is out at once; returns how many sessions ended. It
/// does so also when the gate was closed before: a release that does not know of the gate may have let clients in.
async fn disable(tx: &mut Tx, operator: &Operator, id: UserId, now: DateTime<Utc>) -> store::Result<u64> {
    let is_change = users::disable(tx, id, now).await?;
    let ended = end_access(tx, id, now).await?;
    if is_change || ended > 0 {
        let kind = if is_change {
            EventKind::AccountDisabled
        } else {
            EventKind::SessionRevoked
        };
        let event = operator.event(kind, Some(id), now).with("sessions", &ended);
        events::record(tx.conn(), &event).await?;
    }
    Ok(ended)
}

/// Opens the gate, and ends what was let in or begun while it was closed; returns how many sessions ended.
async fn enable(tx: &mut Tx, operator: &Operator, id: UserId, now: DateTime<Utc>) -> store::Result<u64> {
    if !users::enable(tx, id).await? {
        return Ok(0);
    }
    events::record(tx.conn(), &operator.event(EventKind::AccountEnabled, Some(id), now)).await?;
    end_access(tx, id, now).await
}

/// Sets or removes the password, ends what dates from before and mails a notice; returns how many sessions ended.
async fn replace_password(
    app: &App,
    tx: &mut Tx,
    operator: &Operator,
    user: &ListedUser,
    new: Option<&PasswordHash>,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    // The operator's device is not one of the owner's.
    let client = Client::new(None, None, None);
    attempts::clear_all_of_subject(tx.conn(), &app.limits.subject(&account_name(user.id))).await?;
    users::change_password(tx.conn(), user.id, new).await?;
    let ended = prove_address(tx, user.id, Proof::ByMail, &client, now).await?;
    let action = if new.is_some() { "set" } else { "removed" };
    let event = operator.event(EventKind::PasswordChanged, Some(user.id), now);
    events::record(tx.conn(), &event.with("password", &action)).await?;
    let owner = Owner {
        email: &user.email,
        email_verified: user.email_verified_at.is_some(),
    };
    let message = Message::PasswordChanged {
        at: format_time(now),
        profile: None,
    };
    notify(app, tx, owner, &client, message, now).await?;
    Ok(ended.sessions)
}
