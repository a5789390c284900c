//! The only place where a code of an authenticator app or a recovery code is checked: first limited in memory, then
//! counted in the database under a name of its own, then compared. The transaction that acts on it uses it up.

use chrono::{DateTime, Utc};

use super::count_attempt::{Attempt, AttemptTarget, count_attempt};
use super::notify::{Owner, notify};
use crate::app::App;
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::factor::second_factor::SecondFactor;
use crate::model::id::UserId;
use crate::model::limit::Place;
use crate::model::mail::code::KeyedHash;
use crate::model::mail::{Message, format_time};
use crate::model::session::methods::{AuthenticationMethod, Methods};
use crate::model::user::AccountLookup;
use crate::store::totp::recovery_codes;
use crate::store::{self, Tx, events, totp, users};

/// A second factor that was right when it was checked.
#[derive(Debug)]
pub(in crate::flows) enum UsableFactor {
    /// A code of the app with this sealed secret, at this step.
    Code { secret: Vec<u8>, step: i64 },
    /// It is looked up when it is used: only one of these hashes is stored.
    RecoveryCode(Vec<KeyedHash>),
}

/// Counts an attempt to give the second factor of `user`, before anything is compared. Passwords are counted apart, so
/// that neither a right password nor a reset clears these failures.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] when there were too many failures. Then the factor must not be looked
/// at.
pub(in crate::flows) async fn count_second_factor(app: &App, user: UserId, client: &Client) -> anyhow::Result<Attempt> {
    app.limits.allow_arrival(client)?;
    let mut read = app.db.read().await?;
    let lookup = AccountLookup::Account(user);
    let found = users::credentials_and_familiarity(read.conn(), lookup, client, app.clock.now()).await?;
    let familiarity = found.map(|account| account.familiarity).unwrap_or_default();
    let place = Place::of(client, Some(user), familiarity);
    app.limits.allow_check(&place, client)?;
    count_attempt(app, read, AttemptTarget::SecondFactor(user), &place).await
}

/// Checks the second factor of `user`, an attempt that was counted. `None` for a wrong one.
pub(in crate::flows) async fn check_second_factor(
    app: &App,
    user: UserId,
    factor: &SecondFactor,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<UsableFactor>> {
    let code = match factor {
        SecondFactor::Code(code) => *code,
        SecondFactor::RecoveryCode(code) => {
            let hashes = app.second_factors.hashes_of_recovery_code(user, code);
            return Ok(Some(UsableFactor::RecoveryCode(hashes)));
        }
    };
    let Some(secret) = totp::confirmed_secret(app.db.read().await?.conn(), user).await? else {
        return Ok(None);
    };
    let step = app.second_factors.step_of(user, &secret, code, now)?;
    Ok(step.map(|step| UsableFactor::Code { secret, step }))
}

impl UsableFactor {
    /// Uses up the factor of `user`; `false` if it was used before, or was not right at all. Of any number of requests
    /// with the same one, this is `true` for one. Lock the account first.
    pub async fn consume(&self, tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> store::Result<bool> {
        match self {
            Self::Code { secret, step } => totp::use_step(tx.conn(), user, secret, *step, now).await,
            Self::RecoveryCode(hashes) => {
                for hash in hashes {
                    if recovery_codes::consume(tx.conn(), user, hash, now).await? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// What the client has proven, beside the first factor by `earlier`.
    pub fn methods(&self, earlier: Methods) -> Methods {
        let method = match self {
            Self::Code { .. } => AuthenticationMethod::OneTimeCode,
            Self::RecoveryCode(_) => AuthenticationMethod::RecoveryCode,
        };
        earlier.and(method).and(AuthenticationMethod::MultipleFactors)
    }

    /// Records that a recovery code was used and mails the owner; codes of the app are used every day.
    pub async fn notify(
        &self,
        app: &App,
        tx: &mut Tx,
        user: UserId,
        owner: Owner<'_>,
        client: &Client,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let Self::RecoveryCode(_) = self else { return Ok(()) };
        events::record(
            tx.conn(),
            &Event::by_owner(EventKind::RecoveryCodeUsed, user, client, now),
        )
        .await?;
        let left = recovery_codes::of_user(tx.conn(), user).await?;
        let message = Message::RecoveryCodeUsed {
            at: format_time(now),
            remaining: left.map_or(0, |codes| codes.remaining),
        };
        notify(app, tx, owner, client, message, now).await
    }
}
