//! Every setting: a flag, an environment variable and a key of an optional TOML file, read once at the start. Each
//! section has a file with its flags, help texts, defaults and bounds.

mod connection;
mod database;
mod ephemeral;
mod file;
mod forward_auth;
pub mod layers;
mod limits;
mod listen;
mod log_in;
mod mail;
mod mailed_page;
pub mod names;
mod operation;
mod outbound;
mod pages;
mod passkeys;
mod password;
mod providers;
mod session;
mod tokens;
mod traces;
mod values;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::api::{ClientAddress, Web};
use crate::app::clock::Clock;
use crate::app::collector::CollectorSetup;
use crate::app::outbound::OutboundSetup;
use crate::app::passkeys::PasskeySetup;
use crate::app::{DatabaseSetup, Setup};
use crate::model::client::origin::{AllowedOrigins, Origin, is_loopback};
use crate::model::secret_key::SecretKey;
use crate::model::session::Lifetimes;
use crate::model::session::cookie::SessionCookie;
use crate::server::ConnectionBounds;
use connection::ConnectionSettings;
use database::DatabaseSettings;
use forward_auth::ForwardAuthSettings;
use limits::LimitSettings;
use listen::ListenSettings;
use log_in::LogInSettings;
use mail::MailSettings;
use operation::OperationSettings;
use outbound::OutboundSettings;
use pages::PageSettings;
use passkeys::PasskeySettings;
use password::PasswordSettings;
use providers::ProviderSettings;
use session::SessionSettings;
use tokens::TokenSettings;
use traces::TraceSettings;
use values::FilePath;
pub use values::{Secret, web_url};

#[derive(Debug, Args)]
pub struct Settings {
    /// TOML file with settings under the names of these flags (`cookie_name = "…"`); flags and environment variables
    /// take precedence [default: none]
    #[arg(long, env = "NEPTUN_AUTH_CONFIG", global = true)]
    config: Option<FilePath>,

    #[command(flatten)]
    listen: ListenSettings,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    session: SessionSettings,
    #[command(flatten)]
    tokens: TokenSettings,
    #[command(flatten)]
    forward_auth: ForwardAuthSettings,
    #[command(flatten)]
    log_in: LogInSettings,
    #[command(flatten)]
    password: PasswordSettings,
    #[command(flatten)]
    passkeys: PasskeySettings,
    #[command(flatten)]
    mail: MailSettings,
    #[command(flatten)]
    pages: PageSettings,
    #[command(flatten)]
    providers: ProviderSettings,
    #[command(flatten)]
    limits: LimitSettings,
    #[command(flatten)]
    outbound: OutboundSettings,
    #[command(flatten)]
    connection: ConnectionSettings,
    #[command(flatten)]
    pub operation: OperationSettings,
    #[command(flatten)]
    traces: TraceSettings,
}

impl Settings {
    /// The address to listen on.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen.listen()
    }

    /// The address by which browsers reach the service.
    pub fn public_url(&self) -> anyhow::Result<Url> {
        self.listen.public_url()
    }

    /// Whether the operator said where the page is that sets a new password; by default it is on this machine.
    #[must_use]
    pub fn names_recovery_page(&self) -> bool {
        self.listen.names_public_url() || self.mail.names_recovery_page()
    }

    /// Whether the operator chose the domain of passkeys.
    #[must_use]
    pub fn names_rp_id(&self) -> bool {
        self.passkeys.names_domain()
    }

    /// The settings for passkeys of a service that browsers reach at `public_url`.
    pub fn passkeys(&self, public_url: &Url) -> anyhow::Result<PasskeySetup> {
        self.passkeys.setup(public_url, self.listen.allowed_origins())
    }

    /// How the service calls other servers.
    #[must_use]
    pub fn outbound(&self) -> OutboundSetup {
        self.outbound.setup()
    }

    /// How to find a client's address behind proxies.
    #[must_use]
    pub fn client_address(&self) -> ClientAddress {
        self.listen.client_address()
    }

    /// The origins of `ALLOWED_ORIGINS`, as a text.
    #[must_use]
    pub fn allowed_origins(&self) -> String {
        let origins = self.listen.allowed_origins();
        origins.iter().map(Origin::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The lifetimes of sessions.
    pub fn lifetimes(&self) -> anyhow::Result<Lifetimes> {
        self.session.lifetimes()
    }

    /// The session cookie of a service that browsers reach at `public_url`.
    pub fn cookie(&self, public_url: &Url) -> anyhow::Result<SessionCookie> {
        self.session.cookie(public_url)
    }

    /// Which database, and how it is used.
    ///
    /// # Errors
    /// When the scheme of its URL is none of ours.
    pub fn database(&self) -> anyhow::Result<DatabaseSetup> {
        self.database.setup()
    }

    /// The secret key, if it is set.
    ///
    /// # Errors
    /// When it is set twice, can't be read or is none.
    pub fn secret_key(&self) -> anyhow::Result<Option<SecretKey>> {
        self.database.secret_key()
    }

    /// The settings of [`App`](crate::app::App).
    pub fn setup(&self) -> anyhow::Result<Setup> {
        let public_url = self.public_url()?;
        Ok(Setup {
            database: self.database()?,
            secret_key: self.database.secret_key()?,
            clock: Clock::System,
            argon2_memory_kib: self.password.argon2_memory_kib,
            argon2_iterations: self.password.argon2_iterations,
            hash_slots: self.password.hash_slots(),
            foreign_secrets: self.password.foreign_secrets()?,
            password_min_length: self.password.min_length(),
            breached: self.password.breached()?,
            lifetimes: self.lifetimes()?,
            session_caps: self.session.caps(),
            session_cache_entries: self.session.cache_entries(),
            issuer: public_url.origin().ascii_serialization(),
            audiences: self.tokens.audiences(),
            passkeys: self.passkeys(&public_url)?,
            log_in: self.log_in.setup(&public_url, self.pages.is_on())?,
            providers: self
                .providers
                .setup(public_url.clone(), self.origins(&public_url), self.pages.is_on())?,
            pages: self.pages.setup()?,
            mail: self.mail.setup(public_url, self.pages.is_on())?,
            event_retention: self.operation.event_retention()?,
            event_streams: self.connection.event_streams(),
            limits: self.limits.rates(),
            outbound: self.outbound(),
            dev_key: None,
            draining: CancellationToken::new(),
        })
    }

    /// Where traces go; `None` if nowhere.
    ///
    /// # Errors
    /// When one of their settings can't work.
    pub fn traces(&self) -> anyhow::Result<Option<CollectorSetup>> {
        self.traces.setup(self.outbound())
    }

    /// The settings of the HTTP layers.
    pub fn web(&self) -> anyhow::Result<Web> {
        let public_url = self.public_url()?;
        Ok(Web {
            cookie: self.cookie(&public_url)?,
            cross_origin: self.listen.cross_origin(self.origins(&public_url)),
            client_address: self.client_address(),
            requests: self.connection.requests(),
            forward_auth: self.forward_auth.settings(&public_url)?,
            public_url: public_url.origin().ascii_serialization(),
            hsts: self.listen.hsts(&public_url)?,
            docs: self.operation.serves_docs(),
            operators: self.operation.admin_listen()?.is_none(),
        })
    }

    /// The pages that may call, and those that a log-in may lead to.
    #[must_use]
    pub fn origins(&self, public_url: &Url) -> AllowedOrigins {
        let origins = self.listen.origins(public_url);
        origins.with_return_origins(self.providers.return_origins())
    }

    /// The bounds of connections.
    #[must_use]
    pub fn connections(&self) -> ConnectionBounds {
        self.connection.connections(self.listen.proxies_without_share())
    }

    /// How long the instance goes on after it was told to stop, so that load balancers notice.
    #[must_use]
    pub fn drain_delay(&self) -> Duration {
        self.connection.drain_delay()
    }

    /// Whether other machines can reach the service although its public URL is on localhost.
    #[must_use]
    pub fn is_exposed_development(&self, public_url: &Url) -> bool {
        is_loopback(public_url) && !self.listen().ip().is_loopback()
    }
}
