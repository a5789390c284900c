//! The only place where a password is checked: braked, counted, then hashed.

use super::count_attempt::{Attempt, Subject, count_attempt};
use crate::app::App;
use crate::app::hasher::Verdict;
use crate::model::client::Client;
use crate::model::user::password::{Password, PasswordHash};
use crate::model::user::{AccountLookup, Credentials};
use crate::store::users;

/// Somebody knew the password of an account.
#[derive(Debug)]
pub struct VerifiedPassword {
    pub credentials: Credentials,
    /// The stored hash that the password was checked against.
    pub verified: PasswordHash,
    /// That hash is weaker than new ones are.
    pub is_weak: bool,
    /// Such a device and network were noted lately.
    pub is_from_noted_device: bool,
    /// To be settled in the transaction that acts on the proof.
    pub attempt: Attempt,
}

/// Checks `password`. `None`, after the same work, for a wrong password, an unknown account and one without a password.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] before any work when too many were wrong, whatever this one is.
pub async fn check_password(
    app: &App,
    lookup: AccountLookup<'_>,
    password: &Password,
    client: &Client,
) -> anyhow::Result<Option<VerifiedPassword>> {
    // Asked first: who is turned away for want of a slot must not have waited for the counter's turn to write.
    let admitted = app.hasher.admit()?;
    let mut read = app.db.read().await?;
    let found = users::credentials_and_familiarity(read.conn(), lookup, client, app.clock.now()).await?;
    // A name without an account is a stranger to everybody.
    let familiarity = found.as_ref().map(|account| account.familiarity).unwrap_or_default();
    let credentials = found.map(|account| account.credentials);
    let subject = match (&credentials, lookup) {
        (Some(known), _) => Subject::Account(known.id),
        (None, AccountLookup::Account(user)) => Subject::Account(user),
        (None, AccountLookup::Identifier(login)) => Subject::UnknownAccount(login),
    };
    let attempt = count_attempt(app, read, subject, familiarity, client).await?;
    let stored = credentials.as_ref().and_then(|known| known.password_hash.clone());
    let verdict = match app.hasher.verify(password.clone(), stored.clone()).await {
        Ok(verdict) => verdict,
        Err(error) => {
            attempt.take_back(app).await?;
            return Err(error);
        }
    };
    drop(admitted);
    Ok(match (verdict, credentials, stored) {
        (Verdict::Right | Verdict::RightButWeak, Some(credentials), Some(verified)) => Some(VerifiedPassword {
            credentials,
            verified,
            is_weak: verdict == Verdict::RightButWeak,
            is_from_noted_device: familiarity.has_noted_device,
            attempt,
        }),
        _ => None,
    })
}
