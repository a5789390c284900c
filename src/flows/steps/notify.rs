//! Mails the account owner a notice of what happened.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::mail::{Mail, Message};
use crate::model::user::email::Email;
use crate::store::Tx;

/// The account owner to notify.
#[derive(Debug, Clone, Copy)]
pub(in crate::flows) struct Owner<'a> {
    pub email: &'a str,
    pub email_verified: bool,
}

/// Mails `message` to the owner. An address that was never confirmed may belong to another person, so notices to it
/// count against the limit of mails to one address.
pub(in crate::flows) async fn notify(
    app: &App,
    tx: &mut Tx,
    owner: Owner<'_>,
    client: &Client,
    message: Message,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let is_too_much = |email: Email| app.limits.allow_notice_to(&email).is_err();
    if !owner.email_verified && Email::parse(owner.email).is_ok_and(is_too_much) {
        return Ok(());
    }
    let mail = Mail::to(owner.email.to_owned(), client, message);
    app.outbox.put(tx, None, &mail, now).await
}
