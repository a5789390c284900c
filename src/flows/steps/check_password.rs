//! The only place where a password is checked: first limited in memory, then admitted to the queue for hashing, then
//! counted in the database, then hashed.

use super::count_attempt::{Attempt, AttemptTarget, count_attempt};
use crate::app::App;
use crate::app::hasher::Verdict;
use crate::model::client::Client;
use crate::model::device::Familiarity;
use crate::model::limit::Place;
use crate::model::user::password::{Password, PasswordHash};
use crate::model::user::{AccountLookup, Credentials};
use crate::store::users;

/// A password that turned out to be right, with what a log-in needs to know.
#[derive(Debug)]
pub struct VerifiedPassword {
    pub credentials: Credentials,
    /// The stored hash that the password was verified against.
    pub verified: PasswordHash,
    /// The hash is weaker than new ones are.
    pub is_weak: bool,
    /// How well the account knows the client.
    pub familiarity: Familiarity,
    /// To be recorded as a success in the transaction that acts on it.
    pub attempt: Attempt,
}

/// Checks `password`. `None`, after the same work, for a wrong password, an unknown account and one without a password.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] before any work when there were too many failures, even if this
/// password is right.
pub async fn check_password(
    app: &App,
    lookup: AccountLookup<'_>,
    password: &Password,
    client: &Client,
) -> anyhow::Result<Option<VerifiedPassword>> {
    // The limits in memory come first, so that a client over its limit takes nothing from others: no place in the queue
    // for hashing, no connection and no turn of the database writer. The place comes next, so that a request without
    // one costs nothing more.
    app.limits.allow_arrival(client)?;
    let admission = app.hasher.admit(client)?;
    let mut read = app.db.read().await?;
    let found = users::credentials_and_familiarity(read.conn(), lookup, client, app.clock.now()).await?;
    // An identifier without an account knows no network and no device.
    let familiarity = found.as_ref().map(|account| account.familiarity).unwrap_or_default();
    let credentials = found.map(|account| account.credentials);
    let target = match (&credentials, lookup) {
        (Some(known), _) => AttemptTarget::Account(known.id),
        (None, AccountLookup::Account(user)) => AttemptTarget::Account(user),
        (None, AccountLookup::Identifier(login)) => AttemptTarget::UnknownAccount(login),
    };
    let place = Place::of(client, target.account(), familiarity);
    app.limits.allow_check(&place, client)?;
    let attempt = count_attempt(app, read, target, &place).await?;
    let stored = credentials.as_ref().and_then(|known| known.password_hash.clone());
    let verdict = match admission.verify(password.clone(), stored.clone()).await {
        Ok(verdict) => verdict,
        Err(error) => {
            attempt.take_back(app).await?;
            return Err(error);
        }
    };
    drop(admission);
    if let (Verdict::Unusable, Some(known)) = (verdict, &credentials) {
        tracing::error!(
            account = %known.id.0,
            "the stored password hash of an account is of a kind that this service can't verify; its owner can reset \
             the password"
        );
    }
    if let (Verdict::Wrong | Verdict::Unusable, Some(known), AccountLookup::Identifier(_)) =
        (verdict, &credentials, lookup)
    {
        app.failed_log_ins.note(known.id, client, app.clock.now());
    }
    Ok(match (verdict, credentials, stored) {
        (Verdict::Right | Verdict::RightButWeak, Some(credentials), Some(verified)) => Some(VerifiedPassword {
            credentials,
            verified,
            is_weak: verdict == Verdict::RightButWeak,
            familiarity,
            attempt,
        }),
        _ => None,
    })
}
