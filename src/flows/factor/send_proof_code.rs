//! An account owner that has neither password nor factor asks for a code for a fresh proof.

use anyhow::Context;

use crate::app::App;
use crate::flows::steps::issue_code::{Request, issue_code};
use crate::flows::steps::reauthenticate::ReauthenticationError;
use crate::model::client::Client;
use crate::model::factor::ProofMethod;
use crate::model::mail::code::{CODE_LIFETIME, Purpose};
use crate::model::mail::{Mail, Message};
use crate::model::session::SignedIn;
use crate::model::user::email::Email;
use crate::store::users;

/// Mails a code to the account's address.
///
/// # Errors
/// [`ReauthenticationError::Required`] for an account that has something better to prove itself with.
pub async fn send_proof_code(app: &App, signed_in: &SignedIn, client: &Client) -> Result<(), ReauthenticationError> {
    let (user, now) = (signed_in.user_id, app.clock.now());
    let known = users::factors(app.db.read().await?.conn(), user).await?;
    let proofs = known.context("the account has gone")?.proofs();
    if !proofs.contains(&ProofMethod::MailCode) {
        app.limits.allow_account(user, client)?;
        return Err(ReauthenticationError::Required(proofs));
    }
    let address = Email::parse(&signed_in.email).context("a stored address is not an e-mail address")?;
    app.limits
        .allow_proof_mail(user, &address, Purpose::Reauthenticate, client)?;

    let mut tx = app.db.write().await?;
    users::lock(&mut tx, user).await?;
    let request = Request {
        purpose: Purpose::Reauthenticate,
        subject: app.codes.proof_subject(user, Purpose::Reauthenticate),
        user: Some(user),
        email: None,
    };
    let code = issue_code(app, &mut tx, request, client, now).await?;
    let message = Message::ReauthenticationCode {
        code: code.reveal().to_owned(),
        minutes: CODE_LIFETIME.num_minutes(),
    };
    let mail = Mail::to(signed_in.email.clone(), client, message);
    app.outbox.put(&mut tx, Some(user), &mail, now).await?;
    tx.commit().await?;
    Ok(())
}
