//! An account owner confirms an address with a mailed code.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::app::codes::Codes;
use crate::flows::steps::check_code::{Guess, check_code};
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::mail_proof_code::UnprovenAddress;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::prove_address::{Proof, prove_address};
use crate::flows::steps::renew_session::{RenewedSession, renew_session};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::mail::code::{Code, NewCode, Purpose, RESTORE_LIFETIME};
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::model::user::OwnAccount;
use crate::model::user::email::Email;
use crate::store::{Tx, codes, events, users};
use crate::telemetry::Ended;

#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    /// The code is wrong, used, expired or guessed at too often, or there is nothing to confirm.
    #[error("the code is not valid")]
    InvalidCode,
    #[error("the address belongs to another account by now")]
    EmailTaken,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(VerifyEmailError);

/// Confirms the account's address or moves it to the pending one. Either way what another person may have set up before
/// this proof ends: other sessions, tokens, open codes and devices.
pub async fn verify_email(
    app: &App,
    signed_in: &SignedIn,
    code: &Code,
    client: &Client,
) -> Result<RenewedSession, VerifyEmailError> {
    let account = users::own_account(app.db.read().await?.conn(), signed_in.user_id).await?;
    let unproven = account
        .as_ref()
        .and_then(UnprovenAddress::of)
        .ok_or(VerifyEmailError::InvalidCode)?;
    let subjects = [unproven.subject(app)];
    let now = app.clock.now();
    let Guess::Right(guessed) = check_code(app, &subjects, code, client, now).await? else {
        return Err(VerifyEmailError::InvalidCode);
    };

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(VerifyEmailError::NotAuthenticated);
    }
    let account = users::own_account(tx.conn(), signed_in.user_id)
        .await?
        .context("the account has gone")?;
    let is_same = UnprovenAddress::of(&account).is_some_and(|now| Some(now.address) == guessed.email);
    if !is_same || !codes::consume(tx.conn(), &guessed.subject, &guessed.code_hash, now).await? {
        return Err(VerifyEmailError::InvalidCode);
    }
    let kind = if unproven.is_change() {
        EventKind::EmailChanged
    } else {
        EventKind::EmailVerified
    };
    events::record(
        tx.conn(),
        &Event::by_owner(kind, account.id, client, now).in_session(signed_in.session_id),
    )
    .await?;
    let email = if unproven.is_change() {
        move_to(app, &mut tx, &account, &unproven.address, client, now).await?
    } else {
        users::verify_email(&mut tx, account.id, now).await?;
        account.email.clone()
    };
    let proven = SignedIn {
        email,
        email_verified: true,
        ..signed_in.clone()
    };
    let proof = Proof::InSession(proven.session_id);
    let ended = prove_address(&mut tx, account.id, proof, client, now).await?;
    let renewed = renew_session(&mut tx, proven, ended).await?;
    tx.commit().await?;
    Ok(renewed.counted(Ended::EmailProven))
}

async fn move_to(
    app: &App,
    tx: &mut Tx,
    account: &OwnAccount,
    address: &str,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<String, VerifyEmailError> {
    let email = Email::parse(address).context("a stored address is not an e-mail address")?;
    if !users::change_email(tx, account.id, &email, now).await? {
        return Err(VerifyEmailError::EmailTaken);
    }
    // An address that was never confirmed may belong to a stranger: it gets a notice, but no key to the account.
    if account.email_verified_at.is_some() {
        mail_restore_key(app, tx, account, client, now).await?;
    } else {
        let message = Message::UnconfirmedEmailChanged { at: format_time(now) };
        let owner = Owner {
            email: &account.email,
            email_verified: false,
        };
        notify(app, tx, owner, client, message, now).await?;
    }
    Ok(email.typed().to_owned())
}

/// Mails a notice to the former address, with a key that brings the account back for some days.
async fn mail_restore_key(
    app: &App,
    tx: &mut Tx,
    account: &OwnAccount,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let key = Codes::generate_reset_key();
    let subject = app.codes.key_subject(&key, Purpose::RestoreEmail);
    // Later than every key before it, even if the clock was set back: the use of a key voids those that came later.
    let last = codes::last_restore_email(tx.conn(), account.id).await?;
    let issued_at = last.map_or(now, |last| now.max(last + TimeDelta::seconds(1)));
    let code = NewCode {
        code_hash: app.codes.hash_code(&subject, &key),
        subject,
        purpose: Purpose::RestoreEmail,
        user_id: Some(account.id),
        email: Some(account.email.clone()),
        asked_by: None,
        issued_at,
        expires_at: now + RESTORE_LIFETIME,
    };
    codes::replace(tx.conn(), &code).await?;
    let message = Message::EmailChanged {
        at: format_time(now),
        token: key.reveal().to_owned(),
        days: RESTORE_LIFETIME.num_days(),
    };
    let owner = Owner {
        email: &account.email,
        email_verified: true,
    };
    notify(app, tx, owner, client, message, now).await
}
