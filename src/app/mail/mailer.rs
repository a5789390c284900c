//! Delivers mails: to an SMTP server or, during development, to a page that shows them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::templates::{MailTemplates, Received, Rendered, Sender};
use crate::model::client::origin::is_loopback;
use crate::model::mail::{Mail, Notice};
use crate::model::user::email::Email;

/// How long a server may take to accept a connection, and for a whole mail: less than the lease on the mail.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
const DELIVERY_TIMEOUT: Duration = Duration::from_mins(1);
/// How many mails the development inbox shows.
const INBOX_LENGTH: usize = 50;

/// How mails are sent, and which features depend on mail.
#[derive(Debug, Clone)]
pub struct MailSetup {
    /// `smtps://user:password@host`, or `smtp://` for STARTTLS. `None` shows mails on a page if the public URL is on
    /// this machine; otherwise they wait.
    pub smtp_url: Option<Url>,
    pub from: Option<String>,
    pub templates: Option<PathBuf>,
    /// The notices that are mailed.
    pub notices: Vec<Notice>,
    /// Digits of a mailed code.
    pub code_digits: u32,
    /// Whether tokens and forward authentication wait until the account's address is confirmed.
    pub require_verified_email: bool,
    pub public_url: Url,
}

#[derive(Debug)]
pub struct Mailer {
    templates: MailTemplates,
    from: Mailbox,
    route: Route,
}

#[derive(Debug)]
enum Route {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Inbox(Mutex<VecDeque<Received>>),
    Nowhere,
}

impl Mailer {
    /// Reads the templates and prepares the connection; the server need not be reachable yet.
    ///
    /// # Errors
    /// A sentence for the operator when a setting can't be used.
    pub fn new(setup: &MailSetup) -> anyhow::Result<Self> {
        let public_host = setup.public_url.host_str().unwrap_or("localhost");
        let route = match &setup.smtp_url {
            Some(url) => Route::Smtp(transport(url)?),
            None if is_loopback(&setup.public_url) => Route::Inbox(Mutex::default()),
            None => Route::Nowhere,
        };
        ensure!(
            setup.from.is_some() || !matches!(route, Route::Smtp(_)),
            "MAIL_FROM is needed with SMTP_URL, as in `Example <no-reply@example.com>`"
        );
        let from = setup
            .from
            .as_deref()
            .unwrap_or("Neptun Auth <no-reply@localhost.invalid>");
        let from: Mailbox = from
            .parse()
            .context("MAIL_FROM must be an address, as in `Example <no-reply@example.com>`")?;
        let sender = Sender {
            service: from.name.clone().unwrap_or_else(|| public_host.to_owned()),
            url: setup.public_url.origin().ascii_serialization(),
        };
        Ok(Self {
            templates: MailTemplates::read(setup.templates.as_deref(), sender)?,
            from,
            route,
        })
    }

    /// Whether mails can be delivered at all.
    #[must_use]
    pub fn can_deliver(&self) -> bool {
        !matches!(self.route, Route::Nowhere)
    }

    /// Whether mails go to the development inbox.
    #[must_use]
    pub fn has_inbox(&self) -> bool {
        matches!(self.route, Route::Inbox(_))
    }

    /// The page with the mails delivered last, the newest first; `None` where there is no development inbox.
    #[must_use]
    pub fn inbox_page(&self) -> Option<anyhow::Result<String>> {
        let Route::Inbox(received) = &self.route else {
            return None;
        };
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        Some(self.templates.inbox(received.make_contiguous()))
    }

    /// Delivers one mail. The same `id` gives the same Message-ID, by which a mailbox recognises a second copy.
    ///
    /// # Errors
    /// When the server is unreachable, slow or rejects the mail; a later attempt may succeed.
    pub async fn deliver(&self, id: Uuid, mail: &Mail) -> anyhow::Result<()> {
        let rendered = self.templates.render(mail)?;
        match &self.route {
            Route::Smtp(server) => {
                let message = self.compose(id, mail, rendered)?;
                let sent = timeout(DELIVERY_TIMEOUT, server.send(message)).await;
                sent.context("the SMTP server is too slow")?.map_err(without_address)?;
            }
            Route::Inbox(received) => {
                tracing::info!(
                    to = mail.to,
                    subject = rendered.subject,
                    "mail for the development inbox:\n{}",
                    rendered.text
                );
                let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
                received.push_front(Received {
                    to: mail.to.clone(),
                    rendered,
                });
                received.truncate(INBOX_LENGTH);
            }
            Route::Nowhere => bail!("there is no SMTP server"),
        }
        Ok(())
    }

    fn compose(&self, id: Uuid, mail: &Mail, rendered: Rendered) -> anyhow::Result<Message> {
        let to = Email::parse(&mail.to).context("a stored address can't be mailed to")?;
        let to = to
            .deliverable()
            .parse()
            .context("a stored address can't be mailed to")?;
        let message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(rendered.subject)
            // Tells mail servers not to send holiday notices (RFC 3834).
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))?;
        Ok(message)
    }
}

/// A server's answer repeats the address, which must not be logged; its number says enough.
fn without_address(error: lettre::transport::smtp::Error) -> anyhow::Error {
    match error.status() {
        Some(status) => anyhow!("the SMTP server answered {status}"),
        None => error.into(),
    }
}

#[derive(Debug, Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Mails contain codes, so they leave this machine encrypted unless the operator says otherwise.
fn transport(url: &Url) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let host = url.host_str().context("SMTP_URL names no host")?;
    let options: Vec<_> = url.query_pairs().collect();
    let plain = match options.as_slice() {
        [] => is_this_machine(host),
        [(name, value)] if name == "tls" && value == "off" => true,
        [(name, value)] if name == "tls" && value == "required" => false,
        _ => bail!("SMTP_URL takes `?tls=required` and `?tls=off` only"),
    };
    let builder = match url.scheme() {
        "smtps" => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
        "smtp" if plain => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
        "smtp" => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
        _ => bail!("SMTP_URL must begin with smtp:// or smtps://"),
    };
    let builder = match url.port() {
        Some(port) => builder.port(port),
        None => builder,
    };
    let builder = match (url.username(), url.password()) {
        ("", None) => builder,
        (name, password) => builder.credentials(Credentials::new(decode(name)?, decode(password.unwrap_or_default())?)),
    };
    Ok(builder.timeout(Some(CONNECT_TIMEOUT)).build())
}

/// Parses with a scheme for which the URL library keeps the host as it is.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn decode(text: &str) -> anyhow::Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded
        .context("SMTP_URL: name and password must be UTF-8")?
        .into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(smtp_url: &str) -> Option<String> {
        let setup = MailSetup {
            smtp_url: Some(smtp_url.parse().unwrap()),
            from: Some("Example <no-reply@example.com>".to_owned()),
            templates: None,
            notices: Vec::new(),
            code_digits: 8,
            require_verified_email: false,
            public_url: "https://auth.example.com".parse().unwrap(),
        };
        Mailer::new(&setup).err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn smtp_urls_are_understood_or_refused() {
        for url in [
            "smtps://user:p%40ss@mail.example.com",
            "smtp://mail.example.com:587",
            "smtp://127.0.0.1:1025",
            "smtp://mailpit:1025?tls=off",
        ] {
            assert_eq!(refusal(url), None, "{url}");
        }
        for url in [
            "http://mail.example.com",
            "smtp://mail.example.com?tls=maybe",
            "smtp:mail",
        ] {
            assert!(refusal(url).is_some_and(|error| error.contains("SMTP_URL")), "{url}");
        }
    }
}
