//! An account owner changes the address or the password.

use chrono::{DateTime, Utc};

use super::update_profile::{UpdateProfileError, ensure_free as ensure_name_is_free, store_profile};
use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::clear_failures::clear_failures;
use crate::flows::steps::find_taken::look_up;
use crate::flows::steps::mail_proof_code::{UnprovenAddress, mail_proof_code};
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::prove_address::{EndedAtProof, Proof, prove_address};
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::flows::steps::refuse_breached::refuse_breached;
use crate::flows::steps::renew_session::{RenewedSession, renew_session};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::limit::Operation;
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::model::user::email::Email;
use crate::model::user::password::{BreachedPassword, Password, PasswordHash};
use crate::model::user::{OwnAccount, ProfileChanges};
use crate::store::{self, Tx, codes, events, sessions, users};
use crate::telemetry::Ended;

/// The changes to make; a new password has passed the policy.
#[derive(Debug, Default)]
pub struct Changes {
    pub email: Option<Email>,
    pub password: Option<Password>,
    pub profile: ProfileChanges,
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateAccountError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error("the address belongs to another account")]
    EmailTaken,
    #[error(transparent)]
    Profile(#[from] UpdateProfileError),
    #[error(transparent)]
    Breached(#[from] BreachedPassword),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(UpdateAccountError);

/// Makes the `changes`, ends all other sessions and gives the acting one a new id and secret. A new address is pending
/// until the owner confirms it with the code that is mailed to it; a new password cancels an address that was pending.
pub async fn update_account(
    app: &App,
    signed_in: &SignedIn,
    changes: Changes,
    current: Option<Password>,
    client: &Client,
) -> Result<(RenewedSession, OwnAccount), UpdateAccountError> {
    let reauthenticated = reauthenticate(app, signed_in, current, client).await?;
    if let Some(email) = &changes.email {
        ensure_free(app, email, signed_in, client).await?;
    }
    ensure_name_is_free(app, &changes.profile, signed_in, client).await?;
    let hash = match changes.password {
        Some(password) => {
            refuse_breached(app, &password).await?;
            Some(app.hasher.admit_known(client)?.hash(password).await?)
        }
        None => None,
    };
    let user = signed_in.user_id;
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(UpdateAccountError::NotAuthenticated);
    }
    let proven = reauthenticated.shown_in(signed_in, now);
    reauthenticated.record_success(&mut tx, now).await?;
    let ended = match &hash {
        Some(hash) => replace_password(app, &mut tx, signed_in, hash, client, now).await?,
        None => end_others(&mut tx, signed_in, now).await?,
    };
    let renewed = renew_session(&mut tx, proven, ended).await?;
    store_profile(&mut tx, signed_in, &changes.profile).await?;
    if let Some(email) = &changes.email {
        // A change to the present address cancels a pending change to another one.
        let wanted = Some(email).filter(|email| email.typed() != renewed.signed_in.email);
        users::set_pending_email(tx.conn(), user, wanted).await?;
    }
    let account = users::own_account(tx.conn(), user)
        .await?
        .ok_or(UpdateAccountError::NotAuthenticated)?;
    if let (Some(_), Some(unproven)) = (
        changes.email,
        UnprovenAddress::of(&account).filter(UnprovenAddress::is_change),
    ) {
        mail_proof_code(app, &mut tx, &unproven, client, now).await?;
    }
    tx.commit().await?;
    let reason = if hash.is_some() {
        Ended::PasswordChanged
    } else {
        Ended::EmailChanged
    };
    Ok((renewed.counted(reason), account))
}

/// Sets the new password, mails a notice and ends what dates from before.
async fn replace_password(
    app: &App,
    tx: &mut Tx,
    signed_in: &SignedIn,
    new: &PasswordHash,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<EndedAtProof> {
    let user = signed_in.user_id;
    users::change_password(tx.conn(), user, Some(new)).await?;
    let event = Event::by_owner(EventKind::PasswordChanged, user, client, now).in_session(signed_in.session_id);
    events::record(tx.conn(), &event).await?;
    clear_failures(app, tx, user, client, now).await?;
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::PasswordChanged {
        at: format_time(now),
        profile: None,
    };
    notify(app, tx, owner, client, message, now).await?;
    Ok(prove_address(tx, user, Proof::InSession(signed_in.session_id), client, now).await?)
}

/// Ends the other sessions and the open codes. Nothing is proven by this, so the account goes on knowing its devices.
async fn end_others(tx: &mut Tx, signed_in: &SignedIn, now: DateTime<Utc>) -> store::Result<EndedAtProof> {
    codes::void_all_but_restore_email(tx.conn(), signed_in.user_id, now).await?;
    Ok(EndedAtProof {
        sessions: sessions::end_others_of_user(tx, signed_in.user_id, signed_in.session_id, now).await?,
        device_generation: None,
    })
}

/// Rejects an address that belongs to another account. The owner may write their own address in another way.
async fn ensure_free(
    app: &App,
    email: &Email,
    signed_in: &SignedIn,
    client: &Client,
) -> Result<(), UpdateAccountError> {
    let is_own = Email::parse(&signed_in.email).is_ok_and(|own| own.canonical() == email.canonical());
    // A session asks, so the limit of all networks together does not count.
    app.limits.allow_network(Operation::FindTaken, client)?;
    if is_own || !look_up(app, Some(email), None).await?.email {
        Ok(())
    } else {
        Err(UpdateAccountError::EmailTaken)
    }
}
