//! Asks for a fresh proof before an act that can't be undone: the client may be a person at the owner's open browser.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use super::check_password::check_password;
use super::count_attempt::Attempt;
use crate::app::App;
use crate::model::client::Client;
use crate::model::factor::ProofMethod;
use crate::model::session::SignedIn;
use crate::model::session::methods::AuthenticationMethod;
use crate::model::user::AccountLookup;
use crate::model::user::password::Password;
use crate::store::{self, Tx, users};

/// A proof counts as fresh for this long (OWASP ASVS v5.0.0-7.5.1).
const RECENT: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, thiserror::Error)]
pub enum ReauthenticationError {
    /// The last proof is too long ago, or it was not by the second factor that the account has. Any of these would do.
    #[error("a fresh proof is needed")]
    Required(Vec<ProofMethod>),
    #[error("the current password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ReauthenticationError);

/// The proof that the account owner is acting.
pub(in crate::flows) struct Reauthenticated(Option<Attempt>);

/// Checks the `current` password or, without one, that the last proof is less than ten minutes ago. On an account with
/// a second factor that factor must be among what was proven within these ten minutes: a password alone does not do.
pub(in crate::flows) async fn reauthenticate(
    app: &App,
    signed_in: &SignedIn,
    current: Option<Password>,
    client: &Client,
) -> Result<Reauthenticated, ReauthenticationError> {
    let known = users::factors(app.db.read().await?.conn(), signed_in.user_id).await?;
    let known = known.context("the account has gone")?;
    let asks_for_second_factor = known.asks_for_second_factor();
    let is_fresh = is_fresh(signed_in, asks_for_second_factor, app.clock.now());
    if asks_for_second_factor && !is_fresh {
        app.limits.allow_account(signed_in.user_id, client)?;
        return Err(ReauthenticationError::Required(known.proofs()));
    }
    let Some(current) = current else {
        // The act may cost a hash or a mail, and without a password no attempt is counted, so it is limited here.
        app.limits.allow_account(signed_in.user_id, client)?;
        return if is_fresh {
            Ok(Reauthenticated(None))
        } else {
            Err(ReauthenticationError::Required(known.proofs()))
        };
    };
    let proven = check_password(app, AccountLookup::Account(signed_in.user_id), &current, client).await?;
    let proven = proven.ok_or(ReauthenticationError::WrongPassword)?;
    Ok(Reauthenticated(Some(proven.attempt)))
}

/// Whether the session's last proof is fresh `now`, and by the second factor where one is asked for. A log-in with a
/// provider alone is none: providers let a browser through that they know, without a prompt. A clock that was set back
/// does not keep a proof fresh for longer.
pub(in crate::flows) fn is_fresh(signed_in: &SignedIn, asks_for_second_factor: bool, now: DateTime<Utc>) -> bool {
    let is_recent = (now - signed_in.authenticated_at).abs() < RECENT;
    let methods = signed_in.methods;
    is_recent && methods.has_own_proof() && (methods.has_second_factor() || !asks_for_second_factor)
}

impl Reauthenticated {
    /// The session with this proof: a right password makes it fresh again. A session with a second factor stays as it
    /// is, because a password does not make that factor fresh.
    pub fn shown_in(&self, signed_in: &SignedIn, now: DateTime<Utc>) -> SignedIn {
        if self.0.is_none() || signed_in.methods.has_second_factor() {
            return signed_in.clone();
        }
        SignedIn {
            authenticated_at: now,
            methods: signed_in.methods.and(AuthenticationMethod::Password),
            ..signed_in.clone()
        }
    }

    /// Records the success of the attempt, in the transaction that acts on the proof.
    pub async fn record_success(self, tx: &mut Tx, now: DateTime<Utc>) -> store::Result<()> {
        match self.0 {
            Some(attempt) => attempt.record_success(tx, now).await,
            None => Ok(()),
        }
    }
}
