//! Clears an account's failed attempts after its password was replaced.

use chrono::{DateTime, Utc};

use super::count_attempt::account_name;
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::store::{self, Tx, attempts, devices};

/// Clears every failed-attempt bucket of `user`, and makes the network of `client` a known one. For the transaction
/// that stores a new password: guesses at the old one no longer matter. Where a session starts in the same transaction,
/// start it first, because afterwards the device counts as known and no notice would be mailed.
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
