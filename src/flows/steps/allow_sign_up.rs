//! Limits sign-ups, and questions that a sign-up form asks before it is complete.

use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::store::devices;

/// Counts `operation` for the network of `client` and then for all networks together. Past the limit of all networks,
/// clients pass whose device or network an account knows: otherwise one attacker could close the sign-up for everybody.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`].
pub(in crate::flows) async fn allow_sign_up(app: &App, operation: Operation, client: &Client) -> anyhow::Result<()> {
    app.limits.allow_network(operation, client)?;
    let Err(full) = app.limits.try_all(operation) else {
        return Ok(());
    };
    let mut read = app.db.read().await?;
    if devices::is_known_to_any_account(read.conn(), client, app.clock.now()).await? {
        return Ok(());
    }
    Err(full.reject())
}
