//! Before anybody's password is looked at, the attempt is counted.
//!
//! Counting afterwards would let a hundred guesses at the same moment pass as one. Every path that checks a secret comes
//! through here, so that no second path is without a limit.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::model::attempt::{Bucket, Budget};
use crate::model::client::Client;
use crate::model::device::Device;
use crate::model::limit::Place;
use crate::model::user::{Login, UserId};
use crate::store::{self, Conn, Read, Tx, attempts, devices};

/// Whose secret is being tried: an account's, or that of a name which has no account. Somebody who tries can't tell the
/// two apart.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    Account(UserId),
    Nobody(&'a Login),
}

/// An attempt that was counted as a failure, until it turns out to be none.
#[derive(Debug)]
#[must_use = "an attempt that succeeded and is not settled goes on counting as a failure"]
pub struct Attempt {
    /// `None` when limits are switched off.
    counted: Option<(Bucket, Budget)>,
    /// Whether the account has noted lately that it is used from such a device and place.
    pub is_from_noted_device: bool,
}

/// What the account has to do with where an attempt comes from.
struct Origin {
    place: Place,
    is_noted: bool,
}

/// Counts an attempt on `subject` by `client`, of which `read` tells whether the account knows it.
///
/// # Errors
/// [`crate::model::throttled::Throttled`] when the client, everybody together, or strangers to this account have tried too
/// often. The secret must not be looked at then: the answer is the same whether it is right or wrong.
pub async fn count_attempt(
    app: &App,
    mut read: Read,
    subject: Subject<'_>,
    client: &Client,
) -> anyhow::Result<Attempt> {
    let Some(budget) = app.limits.budget() else {
        return Ok(Attempt {
            counted: None,
            is_from_noted_device: false,
        });
    };
    let now = app.clock.now();
    let Origin { place, is_noted } = origin_of(read.conn(), subject, client, now).await?;
    app.limits.brake_check(&place, client)?;
    let bucket = app.limits.bucket(&subject.name(), &place);

    let mut tx = app.db.write_once_after(read).await?;
    let is_counted = attempts::count(tx.conn(), &bucket, budget, now).await?;
    tx.commit().await?;
    if is_counted {
        return Ok(Attempt {
            counted: Some((bucket, budget)),
            is_from_noted_device: is_noted,
        });
    }
    let failures = attempts::failures(app.db.read().await?.conn(), &bucket).await?;
    let retry_after = failures.map_or(1, |failures| failures.retry_after(budget, now));
    Err(app.limits.failures_used_up(retry_after))
}

/// A name without an account costs the same query.
async fn origin_of(conn: Conn<'_>, subject: Subject<'_>, client: &Client, now: DateTime<Utc>) -> store::Result<Origin> {
    let user = match subject {
        Subject::Account(user) => user,
        Subject::Nobody(_) => UserId(Uuid::nil()),
    };
    let known_device = Place::of_device(client.device, user);
    let Some(network) = client.vicinity() else {
        return Ok(Origin {
            place: known_device.unwrap_or(Place::Strangers),
            is_noted: false,
        });
    };
    let since = now - TimeDelta::days(Device::NETWORK_DAYS);
    let seen = devices::seen_in(conn, user, network, since).await?;
    let place = if seen.is_empty() {
        Place::Strangers
    } else {
        Place::Network(network)
    };
    let (family, lately) = (client.family(), now - TimeDelta::minutes(Device::NOTED_FOR_MINUTES));
    Ok(Origin {
        place: known_device.unwrap_or(place),
        is_noted: seen.iter().any(|(seen, at)| *seen == family && *at > lately),
    })
}

impl Subject<'_> {
    /// One name for all the ways to write it.
    fn name(&self) -> String {
        match self {
            Self::Account(user) => account_name(*user),
            Self::Nobody(Login::Email(email)) => format!("email {}", email.canonical()),
            Self::Nobody(Login::Username(username)) => format!("username {}", username.canonical()),
        }
    }
}

/// How an account is called where its failures are counted.
pub(super) fn account_name(user: UserId) -> String {
    format!("user {}", user.0)
}

impl Attempt {
    /// Forgets the failures of this account and place, in the transaction that acts on the success.
    pub async fn settle(self, tx: &mut Tx) -> store::Result<()> {
        match self.counted {
            Some((bucket, _)) => attempts::clear(tx.conn(), &bucket).await,
            None => Ok(()),
        }
    }

    /// Takes the attempt back because it could not be looked at.
    pub async fn give_back(self, app: &App) -> store::Result<()> {
        let Some((bucket, budget)) = self.counted else {
            return Ok(());
        };
        let mut tx = app.db.write_once().await?;
        attempts::give_back(tx.conn(), &bucket, budget).await?;
        tx.commit().await
    }
}
