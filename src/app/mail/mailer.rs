//! Delivers mails to an SMTP server or, during development, to a page that shows them.

use std::path::PathBuf;

use anyhow::{Context, anyhow, bail, ensure};
use chrono::{DateTime, Utc};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use url::Url;
use uuid::Uuid;

use super::inbox::Inbox;
use super::international::International;
use super::smtp::MailServer;
use super::templates::{MailTemplates, Received, Rendered, Sender};
use crate::app::pages::look::Look;
use crate::model::client::origin::is_loopback;
use crate::model::mail::{InternationalAddresses, Mail, Notice};
use crate::model::secret_key::SecretKey;
use crate::model::user::email::Email;

/// The settings for mail.
#[derive(Debug, Clone)]
pub struct MailSetup {
    /// `smtps://user:password@host`, or `smtp://` for STARTTLS. `None` means the development inbox if the public URL is
    /// a loopback address; otherwise mails wait in the outbox.
    pub smtp_url: Option<Url>,
    pub from: Option<String>,
    /// How the service introduces itself to the mail server; `None` for the name of this machine.
    pub ehlo_name: Option<String>,
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
    pub international_addresses: InternationalAddresses,
}

/// Renders mails and delivers them along one route.
#[derive(Debug)]
pub struct Mailer {
    templates: MailTemplates,
    from: Mailbox,
    route: Route,
    international: International,
    service: String,
    recovery_url: Option<Url>,
}

#[derive(Debug)]
enum Route {
    Smtp(MailServer),
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
    pub fn new(setup: &MailSetup) -> anyhow::Result<Self> {
        let public_host = setup.public_url.host_str().unwrap_or("localhost");
        let route = match &setup.smtp_url {
            Some(url) => Route::Smtp(MailServer::new(url, setup.ehlo_name.as_deref())?),
            None if is_loopback(&setup.public_url) => Route::Inbox(Inbox::default()),
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
        let from = sender_address(from)?;
        let service = from.name.clone().unwrap_or_else(|| public_host.to_owned());
        let sender = Sender {
            service: service.clone(),
            url: setup.public_url.origin().ascii_serialization(),
        };
        Ok(Self {
            templates: MailTemplates::read(setup.templates.as_deref(), sender)?,
            from,
            route,
            international: International::new(setup.international_addresses),
            service,
            recovery_url: setup.recovery_url.clone(),
        })
    }

    /// The name by which mails call the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Whether a new account may have this address, as far as sending to it is concerned.
    #[must_use]
    pub fn accepts(&self, email: &Email) -> bool {
        self.international.accepts(email)
    }

    /// Asks the mail server which addresses it can send to, unless that is known or there is none.
    ///
    /// # Errors
    /// When the server can't be reached. The next attempt may succeed.
    pub async fn ask_server(&self) -> anyhow::Result<()> {
        match &self.route {
            Route::Smtp(server) => self.international.ask(server).await,
            Route::Inbox(_) | Route::Nowhere => Ok(()),
        }
    }

    /// Greets the mail server; `None` without one.
    pub async fn greet_server(&self) -> Option<anyhow::Result<()>> {
        match &self.route {
            Route::Smtp(server) => Some(server.answers().await),
            Route::Inbox(_) | Route::Nowhere => None,
        }
    }

    /// Opens the development inbox, if there is one, under a key that follows from `secret`.
    ///
    /// # Errors
    /// When no key can be derived.
    pub fn with_secret(mut self, secret: &SecretKey) -> anyhow::Result<Self> {
        if let Route::Inbox(inbox) = &mut self.route {
            inbox.open(secret)?;
        }
        Ok(self)
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
            Route::Inbox(inbox) => inbox.key(),
            _ => None,
        }
    }

    /// The mails in the development inbox, newest first.
    #[must_use]
    pub fn inbox_mails(&self) -> Vec<Received> {
        match &self.route {
            Route::Inbox(inbox) => inbox.mails(),
            Route::Smtp(_) | Route::Nowhere => Vec::new(),
        }
    }

    /// The page of the development inbox, newest mail first; `None` without a development inbox.
    #[must_use]
    pub fn inbox_page(&self, look: &Look) -> Option<anyhow::Result<String>> {
        let Route::Inbox(inbox) = &self.route else {
            return None;
        };
        Some(inbox.page(&self.templates, look))
    }

    /// Forgets the mails in the development inbox.
    pub fn empty_inbox(&self) {
        if let Route::Inbox(inbox) = &self.route {
            inbox.clear();
        }
    }

    /// Delivers one mail. Its Message-ID is made from `id`, so a mailbox recognises the copy that a second attempt
    /// sends.
    ///
    /// # Errors
    /// [`Rejected`](super::smtp::Rejected) when the server will never take the mail. After every other error a later
    /// attempt may succeed.
    pub async fn deliver(&self, id: Uuid, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<()> {
        let rendered = self.templates.render(&mail.linked(self.recovery_url.as_ref()))?;
        match &self.route {
            Route::Smtp(server) => server.send(self.compose(id, mail, rendered)?).await?,
            Route::Inbox(inbox) => {
                tracing::info!(
                    to = mail.to,
                    subject = rendered.subject,
                    "mail for the development inbox:\n{}",
                    rendered.text
                );
                inbox.put(Received {
                    id,
                    at: now,
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
        let builder = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(rendered.subject)
            // Tells mail servers not to send holiday notices (RFC 3834).
            .header(AutoSubmitted);
        Ok(match rendered.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(rendered.text, html))?,
            None => builder.singlepart(SinglePart::plain(rendered.text))?,
        })
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

/// The sender. Its domain is written in the letters that every mail server understands.
fn sender_address(text: &str) -> anyhow::Result<Mailbox> {
    const INVALID: &str = "MAIL_FROM must be an address, as in `Example <no-reply@example.com>`";
    let typed: Mailbox = text.trim().parse().context(INVALID)?;
    let (local, domain) = (typed.email.user(), typed.email.domain());
    ensure!(
        local.is_ascii(),
        "MAIL_FROM: the part before the @ must be in ASCII, because many mail servers take no other"
    );
    if domain.is_ascii() {
        return Ok(typed);
    }
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| anyhow!(INVALID))?;
    let address = Address::new(local, domain).context(INVALID)?;
    Ok(Mailbox::new(typed.name, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_in_an_international_domain_is_written_in_ascii() {
        for (text, sender) in [
            ("Example <no-reply@example.com>", "Example <no-reply@example.com>"),
            ("no-reply@b\u{fc}cher.example", "no-reply@xn--bcher-kva.example"),
            (
                "Lesen <no-reply@B\u{fc}cher.example>",
                "Lesen <no-reply@xn--bcher-kva.example>",
            ),
        ] {
            assert_eq!(sender_address(text).unwrap().to_string(), sender);
        }
        for text in ["", "no address", "jos\u{e9}@example.com", "a@b.example, c@d.example"] {
            assert!(
                format!("{:#}", sender_address(text).unwrap_err()).contains("MAIL_FROM"),
                "{text}"
            );
        }
    }
}
