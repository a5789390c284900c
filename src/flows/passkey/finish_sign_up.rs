//! A browser has made a passkey for an account that does not exist yet.

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::{NoPasskeys, methods, new_passkey, relying_party};
use crate::app::App;
use crate::app::passkeys::attempts::{Attempt, Subject};
use crate::app::passkeys::check::{self, RegistrationAnswer};
use crate::flows::steps::allow_sign_up::allow_sign_up;
use crate::flows::steps::find_taken::look_up;
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, start_proven_session};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::limit::Operation;
use crate::model::passkey::client_data::Ceremony;
use crate::model::passkey::stored::NewPasskey;
use crate::model::passkey::{MAX_PASSKEYS, NotAccepted};
use crate::model::session::started::{Outcome, StartedSession};
use crate::model::user::email::Email;
use crate::store::passkeys::{self, spent_challenges};
use crate::store::{Tx, devices, events, users};

#[derive(Debug, thiserror::Error)]
pub enum FinishSignUpError {
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    /// The operator lets no passkey make an account, so that a session is needed.
    #[error("passkeys make no accounts here")]
    SwitchedOff,
    /// Also for an attempt of an account, of the other ceremony, and for one that succeeded before.
    #[error("the attempt has expired")]
    Expired,
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    #[error("the address belongs to an account by now")]
    EmailTaken,
    #[error("the passkey is registered already")]
    Conflict,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(FinishSignUpError);

/// Makes an account with this passkey, without a password and with an address that is not confirmed, and its first
/// session: all of it or nothing.
pub async fn finish_sign_up(
    app: &App,
    attempt: &str,
    answer: &RegistrationAnswer,
    transports: &[String],
    start: SessionStart,
) -> Result<(StartedSession, NewPasskey), FinishSignUpError> {
    let relying_party = relying_party(app)?;
    if !app.passkeys.make_accounts {
        return Err(FinishSignUpError::SwitchedOff);
    }
    app.limits.allow_arrival(&start.client)?;
    let now = app.clock.now();
    let attempt = app.passkeys.attempts.open(Ceremony::Register, attempt, now);
    let attempt = attempt.ok_or(FinishSignUpError::Expired)?;
    let Subject::NewAccount { user, email } = &attempt.subject else {
        return Err(FinishSignUpError::Expired);
    };
    let email = Email::parse(email).context("a sealed address is not an e-mail address")?;
    let registered = check::registration(relying_party, &attempt.challenge, answer)?;
    app.allow_new_account(&email)?;
    allow_sign_up(app, Operation::SignUp, &start.client).await?;
    if look_up(app, Some(&email), None).await?.email {
        return Err(FinishSignUpError::EmailTaken);
    }
    let proven = methods(registered.backup_eligible);
    let passkey = new_passkey(relying_party, *user, registered, transports, &start.client, now);

    let mut tx = app.db.write().await?;
    store(&mut tx, &attempt, &email, &passkey, &start.client, now).await?;
    let owner = Owner {
        id: *user,
        email: email.typed(),
        email_verified: false,
        device_generation: 0,
    };
    let starting = StartingSession::new(app, owner, start, proven, now)?;
    match start_proven_session(app, tx, owner, starting).await? {
        Some(Outcome::Started(started)) => Ok((started, passkey)),
        Some(Outcome::SecondFactorRequired(_)) | None => Err(FinishSignUpError::Expired),
    }
}

/// Stores the account and its passkey.
async fn store(
    tx: &mut Tx,
    attempt: &Attempt,
    email: &Email,
    passkey: &NewPasskey,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<(), FinishSignUpError> {
    let user = passkey.user_id;
    if !spent_challenges::spend(tx.conn(), &attempt.challenge_hash(), attempt.expires_at()).await? {
        return Err(FinishSignUpError::Expired);
    }
    if !users::insert_without_password(tx.conn(), user, email, None, now).await? {
        return Err(FinishSignUpError::EmailTaken);
    }
    if !passkeys::insert(tx.conn(), passkey, MAX_PASSKEYS).await? {
        return Err(FinishSignUpError::Conflict);
    }
    // Nothing is new about the device that an account is made with.
    devices::note(tx.conn(), user, client, now).await?;
    events::record(tx.conn(), &Event::by_owner(EventKind::SignUp, user, client, now)).await?;
    events::record(tx.conn(), &Event::by_owner(EventKind::PasskeyAdded, user, client, now)).await?;
    Ok(())
}
