//! A client asks for a code to replace a forgotten password.

use uuid::Uuid;

use crate::app::App;
use crate::flows::steps::allow_mail::allow_mail;
use crate::flows::steps::issue_code::{Request, issue_code};
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::code::{CODE_LIFETIME, Purpose};
use crate::model::mail::{Mail, Message};
use crate::model::user::email::Email;
use crate::store::users;

/// Mails a code to the account of `email`, if there is one. Without an account it does the same work and answers the
/// same.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth code within an hour.
pub async fn request_reset(app: &App, email: &Email, client: &Client) -> anyhow::Result<()> {
    allow_mail(app, client, email).await?;
    let mut read = app.db.read().await?;
    let known = users::by_email(read.conn(), email).await?;
    drop(read);
    let now = app.clock.now();

    let mut tx = app.db.write().await?;
    let user = known.as_ref().map(|known| known.id);
    // Locks rows in the same order as a deletion does. Without an account the work is the same.
    users::lock(tx.conn(), user.unwrap_or(UserId(Uuid::nil()))).await?;
    let request = Request {
        purpose: Purpose::ResetPassword,
        subject: app.codes.reset_subject(email),
        user,
        email: None,
    };
    let code = issue_code(app, &mut tx, request, now).await?;
    // The mail goes to the stored address, which may be written differently from the one in the request.
    let to = known.map_or_else(|| email.typed().to_owned(), |known| known.email);
    let message = Message::ResetCode {
        code: code.reveal().to_owned(),
        minutes: CODE_LIFETIME.num_minutes(),
    };
    let mail = Mail::to(to, client, message);
    match user {
        Some(user) => app.outbox.put(&mut tx, Some(user), &mail, now).await?,
        None => app.outbox.put_decoy(&mut tx, &mail, now).await?,
    }
    tx.commit().await?;
    Ok(())
}
