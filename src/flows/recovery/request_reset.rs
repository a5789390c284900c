//! A client asks for a code to replace a forgotten password.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::flows::steps::issue_code::{Request, issue_code};
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::limit::{Operation, Place};
use crate::model::mail::code::{AskedFrom, CODE_LIFETIME, MAX_RECOVERY_KEYS, NewCode, Purpose, RECOVERY_LIFETIME};
use crate::model::mail::{Mail, Message, RecoveryLink};
use crate::model::user::email::Email;
use crate::model::user::{AccountAtLogIn, AccountLookup, Identifier};
use crate::store::{Tx, codes, users};

/// Mails a code, and a link where the service has a page for it, to the account of `email`, if there is one. Without an
/// account it does the same work and answers the same.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth code within an hour. A device or network that the
/// account knows has three codes of its own.
pub async fn request_reset(app: &App, email: &Email, client: &Client) -> anyhow::Result<()> {
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
        purpose: Purpose::ResetPassword,
        subject: app.codes.reset_subject(email, asked_from),
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
    // The mail goes to the stored address, which may be written differently from the one in the request.
    let to = known.map_or_else(|| email.typed().to_owned(), |known| known.email);
    let message = Message::ResetCode {
        code: code.reveal().to_owned(),
        minutes: CODE_LIFETIME.num_minutes(),
        link: issue_recovery_link(app, &mut tx, user, now).await?,
    };
    let mail = Mail::to(to, client, message);
    match user {
        Some(user) => app.outbox.put(&mut tx, Some(user), &mail, now).await?,
        None => app.outbox.put_decoy(&mut tx, &mail, now).await?,
    }
    tx.commit().await?;
    Ok(())
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

/// A link with a new recovery key; `None` where the service mails no links, and while three keys of the account are
/// alive: a mail that the owner has already shows one of those.
async fn issue_recovery_link(
    app: &App,
    tx: &mut Tx,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<RecoveryLink>> {
    let Some((key, link)) = app.codes.generate_recovery_link()? else {
        return Ok(None);
    };
    let subject = app.codes.key_subject(&key, Purpose::RecoveryKey);
    let new = NewCode {
        code_hash: app.codes.hash_code(&subject, &key),
        subject,
        purpose: Purpose::RecoveryKey,
        user_id: user,
        email: None,
        asked_by: None,
        issued_at: now,
        expires_at: now + RECOVERY_LIFETIME,
    };
    let is_stored = codes::insert_key(tx.conn(), &new, MAX_RECOVERY_KEYS).await?;
    Ok(is_stored.then(|| RecoveryLink {
        url: link.into(),
        minutes: RECOVERY_LIFETIME.num_minutes(),
    }))
}
