//! Before a mail is sent because somebody asked for it, the asking is counted.

use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::user::email::Email;

/// Counts a mail that `client` causes to be sent to `to`. To be asked whether or not `to` has an account, before that is
/// looked up, so that the refusal does not tell.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] when the client, everybody together, or this address has had enough.
pub async fn allow_mail(app: &App, client: &Client, to: &Email) -> anyhow::Result<()> {
    app.limits.allow(Operation::Mail, client)?;
    app.limits.allow_mail_to(to)
}
