//! Limits the mails that requests cause.

use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::user::email::Email;

/// Counts a mail that `client` causes to be sent to `to`. Call it before looking up whether `to` has an account, so
/// that the rejection does not tell.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] when the limit of the client, of all clients or of this address is
/// used up.
pub async fn allow_mail(app: &App, client: &Client, to: &Email) -> anyhow::Result<()> {
    app.limits.allow(Operation::Mail, client)?;
    app.limits.allow_mail_to(to)
}
