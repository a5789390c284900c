//! Asks for a fresh proof before an act that can't be undone: the client may be a person at the owner's open browser.

use chrono::{DateTime, TimeDelta, Utc};

use super::check_password::check_password;
use super::count_attempt::Attempt;
use crate::app::App;
use crate::model::client::Client;
use crate::model::session::SignedIn;
use crate::model::user::AccountLookup;
use crate::model::user::password::Password;
use crate::store::{self, Tx};

/// A log-in counts as a fresh proof for this long (OWASP ASVS v5.0.0-7.5.1).
const RECENT: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, thiserror::Error)]
pub enum ReauthenticationError {
    /// No password was sent, and the log-in is too long ago.
    #[error("the current password is needed")]
    Required,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// The proof that the account owner is acting.
pub(in crate::flows) struct Reauthenticated(Option<Attempt>);

/// Checks the `current` password or, without one, that the log-in is less than ten minutes ago.
pub(in crate::flows) async fn reauthenticate(
    app: &App,
    signed_in: &SignedIn,
    current: Option<Password>,
    client: &Client,
) -> Result<Reauthenticated, ReauthenticationError> {
    let Some(current) = current else {
        // The act may cost a hash or a mail, and without a password no attempt is counted, so it is limited here.
        app.limits.allow_account(signed_in.user_id, client)?;
        // A clock that was set back does not keep a log-in recent for longer.
        let is_recent = (app.clock.now() - signed_in.created_at).abs() < RECENT;
        return is_recent
            .then_some(Reauthenticated(None))
            .ok_or(ReauthenticationError::Required);
    };
    let proven = check_password(app, AccountLookup::Account(signed_in.user_id), &current, client).await?;
    let proven = proven.ok_or(ReauthenticationError::WrongPassword)?;
    Ok(Reauthenticated(Some(proven.attempt)))
}

impl Reauthenticated {
    /// Records the success of the attempt, in the transaction that acts on the proof.
    pub async fn record_success(self, tx: &mut Tx, now: DateTime<Utc>) -> store::Result<()> {
        match self.0 {
            Some(attempt) => attempt.record_success(tx, now).await,
            None => Ok(()),
        }
    }
}
