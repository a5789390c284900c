//! A client asks for a code to replace a forgotten password.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::ask_for_code::ask_for_code;
use crate::flows::steps::in_even_time::in_even_time;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::code::{CODE_LIFETIME, MAX_RECOVERY_KEYS, NewCode, Purpose, RECOVERY_LIFETIME};
use crate::model::mail::{Message, RecoveryLink};
use crate::model::user::email::Email;
use crate::store::{Tx, codes};

/// Mails a code, and a link where the service has a page for it, to the account of `email`, if there is one. Without an
/// account it does the same work and answers the same.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth code within an hour. A device or network that the
/// account knows has three codes of its own.
pub async fn request_reset(app: &App, email: &Email, client: &Client) -> anyhow::Result<()> {
    in_even_time(mail_code(app, email, client)).await
}

async fn mail_code(app: &App, email: &Email, client: &Client) -> anyhow::Result<()> {
    let mut asked = ask_for_code(app, Purpose::ResetPassword, email, client).await?;
    let message = Message::ResetCode {
        code: asked.code.reveal().to_owned(),
        minutes: CODE_LIFETIME.num_minutes(),
        link: issue_recovery_link(app, &mut asked.tx, asked.user, asked.now).await?,
    };
    asked.mail(app, client, message, false).await
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
