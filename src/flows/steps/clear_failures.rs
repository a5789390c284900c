//! Whoever has set a new password starts with a clean slate, and so does the account.

use chrono::{DateTime, Utc};

use super::count_attempt::account_name;
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::store::{self, Tx, attempts, devices};

/// Forgets every failure on the account of `user`, and makes the network of `client` one that it knows. For the
/// transaction that stores a new password, by change or by reset: what was guessed at is no more. Where a session is started too,
/// that comes first, or nobody could tell any more that the device is new.
pub async fn clear_failures(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    client: &Client,
    now: DateTime<Utc>,
) -> store::Result<()> {
    attempts::clear_all_of_subject(tx.conn(), &app.limits.subject(&account_name(user))).await?;
    devices::note(tx.conn(), user, client, now).await
}
