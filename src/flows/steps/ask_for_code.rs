//! A client that is not signed in asks for a code at an address. Without an account the work and the answer are the
//! same.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::issue_code::{Request, issue_code};
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::limit::{Operation, Place};
use crate::model::mail::code::{AskedFrom, Code, Purpose};
use crate::model::mail::{Mail, Message};
use crate::model::user::email::Email;
use crate::model::user::{AccountAtLogIn, AccountLookup, Identifier};
use crate::store::{Tx, users};

/// A code that is stored and not mailed yet.
pub(in crate::flows) struct AskedCode {
    pub tx: Tx,
    /// The account of the address, if there is one.
    pub user: Option<UserId>,
    pub code: Code,
    /// The address that the mail goes to: the stored one, which may be written differently from the one in the request.
    pub to: String,
    pub now: DateTime<Utc>,
}

/// Stores a code for `purpose` at `email`. Codes of every purpose share the limits of mails.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth code within an hour. A device or network that the
/// account knows has three codes of its own.
pub(in crate::flows) async fn ask_for_code(
    app: &App,
    purpose: Purpose,
    email: &Email,
    client: &Client,
) -> anyhow::Result<AskedCode> {
    app.limits.allow_network(Operation::Mail, client)?;
    let now = app.clock.now();
    let known = look_up(app, email, client, now).await?;
    let asked_from = place_of(known.as_ref(), client);
    let user = known.map(|account| account.credentials.id);

    let mut tx = app.db.write().await?;
    // Locks rows in the same order as a deletion does. Without an account the work is the same.
    users::lock(&mut tx, user.unwrap_or(UserId(Uuid::nil()))).await?;
    // The account may have moved to another address, or gone, since it was looked up: then its keys must not come here.
    let known = users::by_email(tx.conn(), email)
        .await?
        .filter(|known| Some(known.id) == user);
    let user = known.as_ref().map(|known| known.id);
    let request = Request {
        purpose,
        subject: app.codes.address_subject(purpose, email, asked_from),
        user,
        email: None,
    };
    let code = issue_code(app, &mut tx, request, client, now).await?;
    // Counts only mails that are sent. Otherwise requests beyond three an hour would use it up, and at the end of an
    // hour the owner might get no mail although the last key has expired.
    match asked_from {
        AskedFrom::KnownPlace => app.limits.allow_mail_to_known_place(email)?,
        AskedFrom::Elsewhere => {
            app.limits.allow_mail_to(email)?;
            // Others could use up this limit, so it does not count at a place that the account knows.
            app.limits.allow_all(Operation::Mail)?;
        }
    }
    let to = known.map_or_else(|| email.typed().to_owned(), |known| known.email);
    Ok(AskedCode {
        tx,
        user,
        code,
        to,
        now,
    })
}

impl AskedCode {
    /// Mails `message` and commits. An address without an account gets no mail, unless `to_strangers`.
    pub async fn mail(
        mut self,
        app: &App,
        client: &Client,
        message: Message,
        to_strangers: bool,
    ) -> anyhow::Result<()> {
        let mail = Mail::to(self.to, client, message);
        if self.user.is_some() || to_strangers {
            app.outbox.put(&mut self.tx, self.user, &mail, self.now).await?;
        } else {
            app.outbox.put_decoy(&mut self.tx, &mail, self.now).await?;
        }
        Ok(self.tx.commit().await?)
    }
}

async fn look_up(
    app: &App,
    email: &Email,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<AccountAtLogIn>> {
    let login = Identifier::Email(email.clone());
    let lookup = AccountLookup::Identifier(&login);
    let mut read = app.db.read().await?;
    Ok(users::credentials_and_familiarity(read.conn(), lookup, client, now).await?)
}

fn place_of(known: Option<&AccountAtLogIn>, client: &Client) -> AskedFrom {
    let is_known =
        known.is_some_and(|account| Place::of(client, Some(account.credentials.id), account.familiarity).is_known());
    if is_known {
        AskedFrom::KnownPlace
    } else {
        AskedFrom::Elsewhere
    }
}
