//! The connection to the mail server.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use tracing::Instrument;
use url::Url;

use crate::telemetry::traces;

/// How long connecting to the server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a whole delivery may take. It is shorter than
/// [`ClaimedMail::LEASE`](crate::model::mail::ClaimedMail::LEASE), so that no other instance sends the same mail at the
/// same time.
const DELIVERY_TIMEOUT: Duration = Duration::from_mins(1);

/// The mail server will never take this mail: a 5xx answer.
#[derive(Debug, thiserror::Error)]
#[error("the mail server rejected the mail for good ({0})")]
pub struct Rejected(smtp::response::Code);

/// The server of `SMTP_URL`.
#[derive(Debug)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    host: String,
    port: u16,
    tls: Tls,
    name: ClientId,
}

/// When a connection to the server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    AtOnce,
    /// After the server's first greeting, by STARTTLS.
    AfterGreeting,
    Never,
}

impl MailServer {
    /// Does not connect. Mails contain codes, so they leave this machine only over TLS, unless the operator switches it
    /// off with `?tls=off`. `ehlo_name` is how the service introduces itself; by default as this machine.
    ///
    /// # Errors
    /// When a setting can't be used. The text is for the operator.
    pub fn new(url: &Url, ehlo_name: Option<&str>) -> anyhow::Result<Self> {
        ensure!(
            matches!(url.scheme(), "smtp" | "smtps"),
            "SMTP_URL must begin with smtp:// or smtps://, as in smtp://mail.example.com:587"
        );
        let host = host(url)?;
        let options: Vec<_> = url.query_pairs().collect();
        let plain = match options.as_slice() {
            [] => is_loopback_host(&host),
            [(name, value)] if name == "tls" && value == "off" => true,
            [(name, value)] if name == "tls" && value == "required" => false,
            _ => bail!("SMTP_URL takes `?tls=required` and `?tls=off` only"),
        };
        let (builder, tls, usual_port) = match url.scheme() {
            "smtps" => (AsyncSmtpTransport::<Tokio1Executor>::relay(&host)?, Tls::AtOnce, 465),
            _ if plain => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host);
                (builder, Tls::Never, 25)
            }
            _ => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&host)?;
                (builder, Tls::AfterGreeting, 587)
            }
        };
        let port = url.port().unwrap_or(usual_port);
        let builder = builder.port(port);
        let builder = match (url.username(), url.password()) {
            ("", None) => builder,
            (name, password) => {
                builder.credentials(Credentials::new(decode(name)?, decode(password.unwrap_or_default())?))
            }
        };
        let name = ehlo_name.map(client_id).transpose()?.unwrap_or_default();
        let builder = builder.hello_name(name.clone());
        Ok(Self {
            transport: builder.timeout(Some(CONNECT_TIMEOUT)).build(),
            host,
            port,
            tls,
            name,
        })
    }

    /// Whether the server announces SMTPUTF8 (RFC 6531), which sends to addresses with letters outside ASCII before the
    /// `@`. Greets it as for a mail, and sends nothing.
    ///
    /// # Errors
    /// When the server can't be reached, or takes longer than `CONNECT_TIMEOUT`.
    pub async fn takes_international_addresses(&self) -> anyhow::Result<bool> {
        let mut connection = self.greet_in_time().await?;
        let takes_them = connection.server_info().supports_feature(Extension::SmtpUtfEight);
        connection.abort().await;
        Ok(takes_them)
    }

    /// Greets the server as for a mail, over TLS unless that is switched off, and sends nothing.
    ///
    /// # Errors
    /// As [`Self::takes_international_addresses`].
    pub async fn answers(&self) -> anyhow::Result<()> {
        self.greet_in_time().await?.abort().await;
        Ok(())
    }

    async fn greet_in_time(&self) -> anyhow::Result<AsyncSmtpConnection> {
        let greeted = timeout(CONNECT_TIMEOUT, self.greet()).await;
        greeted.context("the SMTP server took more than 20 s to greet")?
    }

    async fn greet(&self) -> anyhow::Result<AsyncSmtpConnection> {
        let tls = || TlsParameters::new(self.host.clone());
        let at_once = (self.tls == Tls::AtOnce).then(tls).transpose()?;
        let server = (self.host.trim_matches(['[', ']']), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_TIMEOUT), &self.name, at_once, None).await?;
        if self.tls == Tls::AfterGreeting {
            // What the server says outside TLS, anyone on the way can change.
            connection.starttls(tls()?, &self.name).await?;
        }
        Ok(connection)
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// [`Rejected`] when the server will never take it. Every other error may pass: the server is unreachable, takes
    /// longer than `DELIVERY_TIMEOUT`, is busy, or rejects the service itself.
    pub async fn send(&self, message: Message) -> anyhow::Result<()> {
        let span = traces::mail_server(&self.host, self.port);
        let sent = timeout(DELIVERY_TIMEOUT, self.hand_over(message)).instrument(span.clone());
        let sent = sent
            .await
            .context("the SMTP server took more than a minute for one mail");
        let sent = sent.flatten();
        if sent.is_err() {
            traces::undeliverable(&span);
        }
        sent
    }

    async fn hand_over(&self, message: Message) -> anyhow::Result<()> {
        let Err(error) = self.transport.send(message).await else {
            return Ok(());
        };
        // Only the number of the server's answer: its text repeats the address, which must not be logged.
        let Some(status) = error.status() else {
            return Err(error.into());
        };
        // A server that rejects the service at its greeting or its log-in says nothing about the mail.
        if error.is_permanent() && self.transport.test_connection().await.unwrap_or_default() {
            return Err(Rejected(status).into());
        }
        Err(anyhow!("the SMTP server answered {status}"))
    }
}

/// The host of `SMTP_URL`. The URL library leaves it as typed, because `smtp` is no scheme that it knows.
fn host(url: &Url) -> anyhow::Result<String> {
    let host = decode(url.host_str().context("SMTP_URL names no host")?)?;
    if host.is_ascii() {
        return Ok(host);
    }
    idna::domain_to_ascii_strict(&host).map_err(|_| anyhow!("SMTP_URL names no host that can exist"))
}

/// Whether a host of `SMTP_URL` is this machine. Parses addresses itself: the URL library does not for `smtp://`.
fn is_loopback_host(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn client_id(name: &str) -> anyhow::Result<ClientId> {
    match name.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => return Ok(ClientId::Ipv4(address)),
        Ok(IpAddr::V6(address)) => return Ok(ClientId::Ipv6(address)),
        Err(_) => {}
    }
    let name = idna::domain_to_ascii_strict(name).ok().filter(|name| !name.is_empty());
    name.map(ClientId::Domain)
        .context("SMTP_EHLO_NAME must be the name of this machine, as in app.example.com, or its IP address")
}

fn decode(text: &str) -> anyhow::Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.context("SMTP_URL must be UTF-8")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str, ehlo_name: Option<&str>) -> Option<String> {
        let server = MailServer::new(&url.parse().unwrap(), ehlo_name);
        server.err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn usable_smtp_urls_are_accepted_and_others_rejected() {
        for url in [
            "smtps://user:p%40ss@mail.example.com",
            "smtp://mail.example.com:587",
            "smtp://mail.b\u{fc}cher.example",
            "smtp://127.0.0.1:1025",
            "smtp://mailpit:1025?tls=off",
        ] {
            assert_eq!(error(url, None), None, "{url}");
        }
        for url in [
            "http://mail.example.com",
            "smtp://mail.example.com?tls=maybe",
            "smtp:mail",
            "localhost:25",
        ] {
            assert!(
                error(url, None).is_some_and(|error| error.contains("SMTP_URL")),
                "{url}"
            );
        }
        let international = "smtp://mail.b\u{fc}cher.example".parse().unwrap();
        assert_eq!(host(&international).unwrap(), "mail.xn--bcher-kva.example");
    }

    #[test]
    fn the_service_introduces_itself_by_a_name_or_an_address() {
        for (name, said) in [
            ("app.example.com", "app.example.com"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("192.0.2.1", "[192.0.2.1]"),
            ("[2001:db8::1]", "[IPv6:2001:db8::1]"),
        ] {
            assert_eq!(client_id(name).unwrap().to_string(), said);
        }
        for name in ["", "two words", "a\r\nMAIL FROM", "under_score.example"] {
            let error = error("smtp://mail.example.com", Some(name)).unwrap_or_default();
            assert!(error.contains("SMTP_EHLO_NAME must be"), "{name}: {error}");
        }
    }
}
