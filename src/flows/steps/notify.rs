//! The owner of an account is told what happened to it.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::mail::{Mail, Message};
use crate::model::user::email::Email;
use crate::store::Tx;

/// Whom a notice goes to.
#[derive(Debug, Clone, Copy)]
pub(in crate::flows) struct Owner<'a> {
    pub email: &'a str,
    pub email_verified: bool,
}

/// Mails `message` to the owner. Whoever has an address that was never confirmed may be a stranger, and gets no more of
/// them than of other mails that nobody asked for.
pub(in crate::flows) async fn notify(
    app: &App,
    tx: &mut Tx,
    owner: Owner<'_>,
    client: &Client,
    message: Message,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let is_too_much = |email: Email| app.limits.allow_mail_to(&email).is_err();
    if !owner.email_verified && Email::parse(owner.email).is_ok_and(is_too_much) {
        return Ok(());
    }
    let mail = Mail::to(owner.email.to_owned(), client, message);
    app.outbox.put(tx, None, &mail, now).await
}
