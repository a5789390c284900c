//! A client logs in with a passkey, or proves again that it is the account's owner.

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::{NoPasskeys, methods, relying_party};
use crate::app::App;
use crate::app::passkeys::check::{self, AuthenticationAnswer};
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::notify;
use crate::flows::steps::prove_address::EndedAtProof;
use crate::flows::steps::renew_session::{RenewedSession, renew_session};
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, start_proven_session};
use crate::model::client::Client;
use crate::model::mail::{Message, format_time};
use crate::model::passkey::client_data::Ceremony;
use crate::model::passkey::stored::PasskeyAtLogIn;
use crate::model::passkey::{NotAccepted, is_copied};
use crate::model::session::SignedIn;
use crate::model::session::methods::Methods;
use crate::model::session::started::Outcome;
use crate::store::passkeys::{self, spent_challenges};
use crate::store::{Tx, users};

/// What comes of the use of a passkey.
#[derive(Debug)]
pub enum PasskeyLogIn {
    /// The acting session goes on, with a fresh proof.
    SteppedUp(RenewedSession),
    LoggedIn(Outcome),
}

#[derive(Debug, thiserror::Error)]
pub enum FinishAuthenticationError {
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    /// Also for an attempt of the other ceremony, and for one that succeeded before.
    #[error("the attempt has expired")]
    Expired,
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    #[error("no account has this passkey")]
    UnknownPasskey,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(FinishAuthenticationError);

/// Starts a session of the account that the passkey belongs to. If `acting` is signed in to that account, its session
/// goes on instead, under a new id and secret.
///
/// # Errors
/// [`FinishAuthenticationError::UnknownPasskey`] before anything else is looked at: the browser can then tell the
/// authenticator to forget the passkey.
pub async fn finish_authentication(
    app: &App,
    attempt: &str,
    answer: &AuthenticationAnswer,
    acting: Option<&SignedIn>,
    start: SessionStart,
) -> Result<PasskeyLogIn, FinishAuthenticationError> {
    let relying_party = relying_party(app)?;
    app.limits.allow_arrival(&start.client)?;
    let now = app.clock.now();
    let attempt = app.passkeys.attempts.open(Ceremony::Authenticate, attempt, now);
    let attempt = attempt.ok_or(FinishAuthenticationError::Expired)?;
    let mut read = app.db.read().await?;
    let passkey = passkeys::by_credential_id(read.conn(), &answer.credential_id).await?;
    drop(read);
    let passkey = passkey.ok_or(FinishAuthenticationError::UnknownPasskey)?;
    if answer.user_handle != passkey.user_id.0.as_bytes() {
        return Err(NotAccepted::Credential.into());
    }
    let (key, eligible) = (&passkey.public_key, passkey.backup_eligible);
    let used = check::authentication(relying_party, &attempt.challenge, answer, key, eligible)?;
    if is_copied(passkey.sign_count, used.sign_count) {
        report_copy(app, &passkey, &start.client, now).await?;
        return Err(NotAccepted::Counter.into());
    }

    let mut tx = app.db.write().await?;
    // First, in the order in which all others lock: the account, then what belongs to it.
    users::lock(&mut tx, passkey.user_id).await?;
    if !spent_challenges::spend(tx.conn(), &attempt.challenge_hash(), attempt.expires_at()).await? {
        return Err(FinishAuthenticationError::Expired);
    }
    let (id, rp_id) = (passkey.id, &relying_party.id);
    if !passkeys::record_use(tx.conn(), id, rp_id, used.sign_count, used.backed_up, now).await? {
        return Err(FinishAuthenticationError::UnknownPasskey);
    }
    let methods = methods(passkey.backup_eligible);
    if let Some(acting) = acting.filter(|acting| acting.user_id == passkey.user_id)
        && claim_session(&mut tx, acting, now).await?
    {
        return Ok(PasskeyLogIn::SteppedUp(step_up(tx, acting, methods, now).await?));
    }
    let owner = Owner {
        id: passkey.user_id,
        email: &passkey.email,
        email_verified: passkey.email_verified_at.is_some(),
        device_generation: passkey.device_generation,
    };
    let starting = StartingSession::new(app, owner, start, methods, now)?;
    let outcome = start_proven_session(app, tx, owner, starting).await?;
    outcome
        .map(PasskeyLogIn::LoggedIn)
        .ok_or(FinishAuthenticationError::UnknownPasskey)
}

async fn step_up(
    mut tx: Tx,
    acting: &SignedIn,
    methods: Methods,
    now: DateTime<Utc>,
) -> anyhow::Result<RenewedSession> {
    let fresh = SignedIn {
        authenticated_at: now,
        methods: acting.methods.union(methods),
        ..acting.clone()
    };
    let renewed = renew_session(&mut tx, fresh, EndedAtProof::NOTHING).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Tells the owner that there may be a copy of the passkey.
async fn report_copy(app: &App, passkey: &PasskeyAtLogIn, client: &Client, now: DateTime<Utc>) -> anyhow::Result<()> {
    // The copy can send many such answers.
    app.limits.allow_account(passkey.user_id, client)?;
    let owner = notify::Owner {
        email: &passkey.email,
        email_verified: passkey.email_verified_at.is_some(),
    };
    let message = Message::PasskeyCopied {
        at: format_time(now),
        name: passkey.name.clone(),
    };
    let mut tx = app.db.write().await?;
    notify::notify(app, &mut tx, owner, client, message, now).await?;
    tx.commit().await.map_err(|error| anyhow!(error))
}
