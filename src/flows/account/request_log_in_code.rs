//! A client asks for a code to log in with.

use crate::app::App;
use crate::flows::steps::ask_for_code::ask_for_code;
use crate::flows::steps::in_even_time::in_even_time;
use crate::model::client::Client;
use crate::model::mail::Message;
use crate::model::mail::code::{CODE_LIFETIME, Purpose};
use crate::model::user::email::Email;

#[derive(Debug, thiserror::Error)]
pub enum RequestLogInCodeError {
    #[error("log-in by code is switched off")]
    SwitchedOff,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// Mails a code, and a link where the service has a page for it, to the account of `email`, if there is one or the code
/// may make one. Otherwise it does the same work and answers the same. Returns the value of the cookie without which
/// the link does not work; `None` where the service mails no links.
///
/// # Errors
/// [`RequestLogInCodeError`]; a fourth code within an hour is throttled, as one to reset a password is.
pub async fn request_log_in_code(
    app: &App,
    email: &Email,
    client: &Client,
) -> Result<Option<String>, RequestLogInCodeError> {
    if !app.log_in_by_code {
        return Err(RequestLogInCodeError::SwitchedOff);
    }
    Ok(in_even_time(mail_code(app, email, client)).await?)
}

async fn mail_code(app: &App, email: &Email, client: &Client) -> anyhow::Result<Option<String>> {
    let asked = ask_for_code(app, Purpose::LogIn, email, client).await?;
    let (link, cookie) = match app.log_in_links.asking_browser()? {
        Some((browser, cookie)) => (
            app.log_in_links.link(email.typed(), &asked.code, browser)?,
            Some(cookie),
        ),
        None => (None, None),
    };
    let message = Message::LogInCode {
        code: asked.code.reveal().to_owned(),
        minutes: CODE_LIFETIME.num_minutes(),
        link: link.map(Into::into),
    };
    asked.mail(app, client, message, app.may_sign_up_by_code(email)).await?;
    Ok(cookie)
}
