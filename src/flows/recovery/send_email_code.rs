//! An account owner asks for the code that confirms their address.

use crate::app::App;
use crate::flows::steps::mail_proof_code::{UnprovenAddress, mail_proof_code};
use crate::model::client::Client;
use crate::model::session::SignedIn;
use crate::store::users;

/// Mails a code to the address that is not confirmed yet; `false` when there is nothing to confirm.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth code within an hour.
pub async fn send_email_code(app: &App, signed_in: &SignedIn, client: &Client) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    users::lock(&mut tx, signed_in.user_id).await?;
    let account = users::own_account(tx.conn(), signed_in.user_id).await?;
    let Some(unproven) = account.as_ref().and_then(UnprovenAddress::of) else {
        return Ok(false);
    };
    mail_proof_code(app, &mut tx, &unproven, client, now).await?;
    tx.commit().await?;
    Ok(true)
}
