//! Before something that can't be taken back, a person shows that it is them and not somebody at their open browser.

use chrono::TimeDelta;

use super::check_password::check_password;
use super::count_attempt::Attempt;
use crate::app::App;
use crate::model::client::Client;
use crate::model::session::SignedIn;
use crate::model::user::AccountLookup;
use crate::model::user::password::Password;
use crate::store::{self, Tx};

/// A log-in counts for this long (OWASP ASVS v5.0.0-7.5.1).
const RECENT: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, thiserror::Error)]
pub enum ReauthenticationError {
    /// The password is wrong or, without one, the log-in too long ago.
    #[error("the current password is needed")]
    Required,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// Somebody has shown who they are.
pub(in crate::flows) struct Reauthenticated(Option<Attempt>);

/// Makes sure of whoever acts by their `current` password or, when none is given, by a log-in within ten minutes.
pub(in crate::flows) async fn reauthenticate(
    app: &App,
    signed_in: &SignedIn,
    current: Option<Password>,
    client: &Client,
) -> Result<Reauthenticated, ReauthenticationError> {
    let Some(current) = current else {
        // What follows may cost a hash or a mail, and no password is counted.
        app.limits.allow_account(signed_in.user_id, client)?;
        let is_recent = app.clock.now() - signed_in.created_at < RECENT;
        return is_recent
            .then_some(Reauthenticated(None))
            .ok_or(ReauthenticationError::Required);
    };
    let proven = check_password(app, AccountLookup::Account(signed_in.user_id), &current, client).await?;
    let proven = proven.ok_or(ReauthenticationError::Required)?;
    Ok(Reauthenticated(Some(proven.attempt)))
}

impl Reauthenticated {
    /// Forgets the failures before it, in the transaction that acts on it.
    pub async fn record_success(self, tx: &mut Tx) -> store::Result<()> {
        match self.0 {
            Some(attempt) => attempt.record_success(tx).await,
            None => Ok(()),
        }
    }
}
