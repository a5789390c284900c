//! Delivers mails to an SMTP server or, during development, to a page that shows them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::inbox::Inbox;
use super::templates::{MailTemplates, Received, Rendered, Sender};
use crate::model::client::origin::is_loopback;
use crate::model::mail::{Mail, Notice};
use crate::model::secret_key::SecretKey;
use crate::model::user::email::Email;

/// How long connecting to the server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a whole delivery may take. It is shorter than
/// [`ClaimedMail::LEASE`](crate::model::mail::ClaimedMail::LEASE), so that no other instance sends the same mail at the
/// same time.
const DELIVERY_TIMEOUT: Duration = Duration::from_mins(1);

/// The settings for mail.
#[derive(Debug, Clone)]
pub struct MailSetup {
    /// `smtps://user:password@host`, or `smtp://` for STARTTLS. `None` means the development inbox if the public URL is
    /// a loopback address; otherwise mails wait in the outbox.
    pub smtp_url: Option<Url>,
    pub from: Option<String>,
    /// A folder with the operator's own templates.
    pub templates: Option<PathBuf>,
    /// The notices that are switched on.
    pub notices: Vec<Notice>,
    /// Number of digits of a one-time code.
    pub code_digits: u32,
    /// Whether an account needs a confirmed address for tokens and forward authentication.
    pub require_verified_email: bool,
    /// The page where an owner sets a new password with the key of a mailed link; `None` for no links.
    pub recovery_url: Option<Url>,
    pub public_url: Url,
}

/// Renders mails and delivers them along one route.
#[derive(Debug)]
pub struct Mailer {
    templates: MailTemplates,
    from: Mailbox,
    route: Route,
}

#[derive(Debug)]
enum Route {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Inbox(Inbox),
    /// No server is set and the service is public, so mails wait in the outbox.
    Nowhere,
}

impl Mailer {
    /// Reads the templates and prepares the connection. Does not connect: the server may be down when the service
    /// starts.
    ///
    /// # Errors
    /// When a setting can't be used. The text is for the operator.
    pub fn new(setup: &MailSetup, secret: &SecretKey) -> anyhow::Result<Self> {
        let public_host = setup.public_url.host_str().unwrap_or("localhost");
        let route = match &setup.smtp_url {
            Some(url) => Route::Smtp(transport(url)?),
            None if is_loopback(&setup.public_url) => Route::Inbox(Inbox::new(secret)?),
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

    /// The key in the URL of the development inbox; `None` without one.
    #[must_use]
    pub fn inbox_key(&self) -> Option<&str> {
        match &self.route {
            Route::Inbox(inbox) => Some(inbox.key()),
            _ => None,
        }
    }

    /// The page of the development inbox, newest mail first; `None` without a development inbox.
    #[must_use]
    pub fn inbox_page(&self) -> Option<anyhow::Result<String>> {
        let Route::Inbox(inbox) = &self.route else {
            return None;
        };
        Some(inbox.page(&self.templates))
    }

    /// Delivers one mail. Its Message-ID is made from `id`, so a mailbox recognises the copy that a second attempt
    /// sends.
    ///
    /// # Errors
    /// When the server is unreachable, takes longer than `DELIVERY_TIMEOUT` or rejects the mail. A later attempt may
    /// succeed.
    pub async fn deliver(&self, id: Uuid, mail: &Mail) -> anyhow::Result<()> {
        let rendered = self.templates.render(mail)?;
        match &self.route {
            Route::Smtp(server) => {
                let message = self.compose(id, mail, rendered)?;
                let sent = timeout(DELIVERY_TIMEOUT, server.send(message)).await;
                sent.context("the SMTP server took more than a minute for one mail")?
                    .map_err(without_address)?;
            }
            Route::Inbox(inbox) => {
                tracing::info!(
                    to = mail.to,
                    subject = rendered.subject,
                    "mail for the development inbox:\n{}",
                    rendered.text
                );
                inbox.put(Received {
                    to: mail.to.clone(),
                    rendered,
                });
            }
            Route::Nowhere => bail!("no SMTP server is set: set SMTP_URL and MAIL_FROM"),
        }
        Ok(())
    }

    fn compose(&self, id: Uuid, mail: &Mail, rendered: Rendered) -> anyhow::Result<Message> {
        const INVALID: &str = "a mail server would not understand the stored address";
        let to = Email::parse(&mail.to).context(INVALID)?;
        let to = to.deliverable().parse().context(INVALID)?;
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

/// Keeps only the number of a server's answer, because its text repeats the address, which must not be logged.
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

/// The connection to the server of `SMTP_URL`. Mails contain codes, so they leave this machine only over TLS, unless
/// the operator switches it off with `?tls=off`.
fn transport(url: &Url) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    ensure!(
        matches!(url.scheme(), "smtp" | "smtps"),
        "SMTP_URL must begin with smtp:// or smtps://, as in smtp://mail.example.com:587"
    );
    let host = url.host_str().context("SMTP_URL names no host")?;
    let options: Vec<_> = url.query_pairs().collect();
    let plain = match options.as_slice() {
        [] => is_loopback_host(host),
        [(name, value)] if name == "tls" && value == "off" => true,
        [(name, value)] if name == "tls" && value == "required" => false,
        _ => bail!("SMTP_URL takes `?tls=required` and `?tls=off` only"),
    };
    let builder = match url.scheme() {
        "smtps" => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
        "smtp" if plain => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
        _ => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
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

/// Whether a host of `SMTP_URL` is this machine. Parses addresses itself: the URL library does not for `smtp://`.
fn is_loopback_host(host: &str) -> bool {
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

    fn setup_error(smtp_url: &str) -> Option<String> {
        let setup = MailSetup {
            smtp_url: Some(smtp_url.parse().unwrap()),
            from: Some("Example <no-reply@example.com>".to_owned()),
            templates: None,
            notices: Vec::new(),
            code_digits: 8,
            require_verified_email: false,
            recovery_url: None,
            public_url: "https://auth.example.com".parse().unwrap(),
        };
        Mailer::new(&setup, &SecretKey::generate())
            .err()
            .map(|error| format!("{error:#}"))
    }

    #[test]
    fn usable_smtp_urls_are_accepted_and_others_rejected() {
        for url in [
            "smtps://user:p%40ss@mail.example.com",
            "smtp://mail.example.com:587",
            "smtp://127.0.0.1:1025",
            "smtp://mailpit:1025?tls=off",
        ] {
            assert_eq!(setup_error(url), None, "{url}");
        }
        for url in [
            "http://mail.example.com",
            "smtp://mail.example.com?tls=maybe",
            "smtp:mail",
        ] {
            assert!(
                setup_error(url).is_some_and(|error| error.contains("SMTP_URL")),
                "{url}"
            );
        }
    }
}
