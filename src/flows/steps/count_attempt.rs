//! Counts an attempt before its password is looked at.
//!
//! Counting afterwards would let a hundred concurrent guesses pass as one. Every path that checks a secret goes through
//! this step, so that no path is without a limit.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::id::UserId;
use crate::model::limit::Place;
use crate::model::limit::attempt::{Bucket, Budget};
use crate::model::user::Identifier;
use crate::store::{self, OneStatement, Read, Tx, attempts};

/// The account whose secret is tried, or an identifier that has no account. A client can't tell the two apart.
#[derive(Debug, Clone, Copy)]
pub enum AttemptTarget<'a> {
    Account(UserId),
    UnknownAccount(&'a Identifier),
    /// The account's second factor, which is counted apart from its password.
    SecondFactor(UserId),
}

/// An attempt that was counted as a failure, until it turns out to be a success.
#[derive(Debug)]
#[must_use = "an attempt stays counted as a failure until its success is recorded or it is taken back"]
pub struct Attempt {
    /// `None` when limits are switched off.
    counted: Option<(Bucket, Budget)>,
}

/// Counts an attempt on `target` from `place`, on the connection that was read from if it can also write.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] when there were too many failures from this place. Then the secret
/// must not be looked at: the answer is the same whether it is right or wrong.
pub async fn count_attempt(app: &App, read: Read, target: AttemptTarget<'_>, place: &Place) -> anyhow::Result<Attempt> {
    let Some(budget) = app.limits.budget() else {
        return Ok(Attempt { counted: None });
    };
    let now = app.clock.now();
    let bucket = app.limits.bucket(&target.name(), place);

    let once = app.db.once_after(read);
    let count = async |statement: OneStatement<'_>| attempts::count(statement, &bucket, budget, now).await;
    if once.run_statement(count).await? {
        return Ok(Attempt {
            counted: Some((bucket, budget)),
        });
    }
    let failures = attempts::failures(app.db.read().await?.conn(), &bucket).await?;
    let retry_after = failures.map_or(1, |failures| failures.retry_after(budget, now));
    Err(app.limits.too_many_failures(retry_after))
}

impl AttemptTarget<'_> {
    /// The account, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<UserId> {
        match self {
            Self::Account(user) | Self::SecondFactor(user) => Some(*user),
            Self::UnknownAccount(_) => None,
        }
    }

    /// One name for all the ways to write an identifier.
    fn name(&self) -> String {
        match self {
            Self::Account(user) => account_name(*user),
            Self::SecondFactor(user) => format!("second factor of user {}", user.0),
            Self::UnknownAccount(Identifier::Email(email)) => format!("email {}", email.canonical()),
            Self::UnknownAccount(Identifier::Username(username)) => format!("username {}", username.canonical()),
        }
    }
}

/// The name under which an account's failures are counted.
pub(in crate::flows) fn account_name(user: UserId) -> String {
    format!("user {}", user.0)
}

impl Attempt {
    /// The failed-attempt bucket to clear when the attempt is a success.
    #[must_use]
    pub fn bucket(&self) -> Option<&Bucket> {
        self.counted.as_ref().map(|(bucket, _)| bucket)
    }

    /// Clears the failed-attempt bucket and ends the row of failures in the account's others, in the transaction that
    /// acts on the success. Lock the account first.
    pub async fn record_success(self, tx: &mut Tx, now: DateTime<Utc>) -> store::Result<()> {
        match self.counted {
            Some((bucket, _)) => attempts::record_success(tx.conn(), &bucket, now).await,
            None => Ok(()),
        }
    }

    /// Takes the count back, because the secret could not be looked at.
    pub async fn take_back(self, app: &App) -> store::Result<()> {
        let Some((bucket, budget)) = self.counted else {
            return Ok(());
        };
        let once = app.db.once();
        once.run_statement(async |statement| attempts::take_back(statement, &bucket, budget).await)
            .await
    }
}
