//! Every setting: a flag, an environment variable and a key of an optional TOML file, read once at the start.

mod file;
mod limits;
mod mail;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use poem::http::HeaderName;
use url::Url;

use crate::api::{ClientAddress, Web};
use crate::app::clock::Clock;
use crate::app::{Setup, secret_file};
use crate::model::client::origin::{AllowedOrigins, Origin, is_loopback};
use crate::model::client::proxy::TrustedProxies;
use crate::model::cookie::SameSite;
use crate::model::secret_key::SecretKey;
use crate::model::session::Lifetimes;
use crate::model::session::cookie::SessionCookie;
use crate::telemetry::LogFormat;

pub use file::with_defaults_of;
use limits::LimitSettings;
use mail::MailSettings;

/// Weakest Argon2id parameters that OWASP accepts.
const LEAST_ARGON2_MEMORY_KIB: i64 = 19_456;
const LEAST_ARGON2_ITERATIONS: i64 = 2;
/// More threads than any machine has cores would only take memory from each other.
const MOST_HASH_SLOTS: i64 = 1024;

#[derive(Debug, Args)]
pub struct Settings {
    /// TOML file with the same names as these flags; flags and environment variables win over it
    #[arg(long, env = "NEPTUN_AUTH_CONFIG", global = true)]
    pub config: Option<PathBuf>,

    /// Address and port to listen on [default: 127.0.0.1:8080, or 0.0.0.0 and PORT where that is set]
    #[arg(long, env = "NEPTUN_AUTH_LISTEN", global = true)]
    listen: Option<SocketAddr>,
    /// Port to listen on at every address, as hosting platforms set it; LISTEN wins over it
    #[arg(long, env = "PORT", global = true)]
    port: Option<u16>,
    /// Address by which browsers reach the service [default: localhost with the port, by http]
    #[arg(long, env = "NEPTUN_AUTH_PUBLIC_URL", global = true)]
    public_url: Option<Url>,

    /// `sqlite:PATH` or `postgres://…` [default: `sqlite:data/neptun-auth.db`, or `DATABASE_URL` where that is set]
    #[arg(long, env = "NEPTUN_AUTH_DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<Secret>,
    #[arg(long = "bare-database-url", env = "DATABASE_URL", hide = true, global = true)]
    bare_database_url: Option<Secret>,

    /// 64 hexadecimal digits from which all keys are derived [default: a file beside the SQLite database; needed with
    /// PostgreSQL]
    #[arg(long, env = "NEPTUN_AUTH_SECRET_KEY", hide_env_values = true, global = true)]
    secret_key: Option<Secret>,
    /// File that holds the secret key
    #[arg(long, env = "NEPTUN_AUTH_SECRET_KEY_FILE", global = true)]
    secret_key_file: Option<PathBuf>,

    /// Origins whose pages may call with credentials, separated by commas [default: any port of localhost while the
    /// public URL is there, otherwise none but the service's own]
    #[arg(long, env = "NEPTUN_AUTH_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = Origin::parse, global = true)]
    allowed_origins: Vec<Origin>,

    /// Name of the session cookie [default: __Host-neptun-session with an https public URL, otherwise neptun-session]
    #[arg(long, env = "NEPTUN_AUTH_COOKIE_NAME", global = true)]
    cookie_name: Option<String>,
    /// When browsers send the cookie along with requests that another site caused
    #[arg(long, env = "NEPTUN_AUTH_COOKIE_SAME_SITE", default_value = "lax", global = true)]
    cookie_same_site: SameSite,
    /// Domain whose subdomains share the cookie [default: none, the cookie stays with its host]
    #[arg(long, env = "NEPTUN_AUTH_COOKIE_DOMAIN", global = true)]
    cookie_domain: Option<String>,

    /// A session that is not used for this long ends
    #[arg(long, env = "NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", default_value = "7d", global = true)]
    session_idle_timeout: humantime::Duration,
    /// A session ends this long after its log-in
    #[arg(
        long,
        env = "NEPTUN_AUTH_SESSION_ABSOLUTE_TIMEOUT",
        default_value = "30d",
        global = true
    )]
    session_absolute_timeout: humantime::Duration,
    /// How many sessions to remember, so that checking them asks no database; 0 for none
    #[arg(long, env = "NEPTUN_AUTH_SESSION_CACHE_ENTRIES", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(..=10_000_000), global = true)]
    session_cache_entries: u32,

    /// Fewest characters of a new password; 8 or more
    #[arg(long, env = "NEPTUN_AUTH_PASSWORD_MIN_LENGTH", default_value_t = 8, value_parser = clap::value_parser!(u16).range(8..=128), global = true)]
    password_min_length: u16,
    /// Memory of one password hash in KiB; 19456 or more
    #[arg(long, env = "NEPTUN_AUTH_ARGON2_MEMORY_KIB", default_value_t = 19_456, value_parser = clap::value_parser!(u32).range(LEAST_ARGON2_MEMORY_KIB..=1_048_576), global = true)]
    argon2_memory_kib: u32,
    /// Passes over that memory; 2 or more
    #[arg(long, env = "NEPTUN_AUTH_ARGON2_ITERATIONS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(LEAST_ARGON2_ITERATIONS..=64), global = true)]
    argon2_iterations: u32,
    /// Passwords hashed at the same time, each in memory of its own [default: one for each core]
    #[arg(long, env = "NEPTUN_AUTH_HASH_SLOTS", value_parser = clap::value_parser!(u16).range(1..=MOST_HASH_SLOTS), global = true)]
    hash_slots: Option<u16>,

    #[command(flatten)]
    mail: MailSettings,

    /// Networks of the proxies in front, separated by commas; only they are believed about a client's address
    #[arg(long, env = "NEPTUN_AUTH_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, global = true)]
    trusted_proxies: Vec<IpNet>,
    /// Header in which the platform in front names the client, instead of X-Forwarded-For
    #[arg(long, env = "NEPTUN_AUTH_CLIENT_IP_HEADER", global = true)]
    client_ip_header: Option<HeaderName>,

    /// Whether /docs/ and /openapi.json are served
    #[arg(long, env = "NEPTUN_AUTH_DOCS", default_value = "on", global = true)]
    docs: Switch,
    /// Address and port of the private listener for Prometheus metrics [default: none]
    #[arg(long, env = "NEPTUN_AUTH_METRICS_LISTEN", global = true)]
    pub metrics_listen: Option<SocketAddr>,
    /// Which log lines to write, as in `info` or `warn,neptun_auth=debug`
    #[arg(long, env = "NEPTUN_AUTH_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Form of the log lines
    #[arg(long, env = "NEPTUN_AUTH_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,

    #[command(flatten)]
    limits: LimitSettings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// A setting that must not be printed.
#[derive(Clone)]
pub struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "write a network as in 10.0.0.0/8, or an address".to_owned())
}

impl Settings {
    /// Where to listen.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        match (self.listen, self.port) {
            (Some(listen), _) => listen,
            (None, Some(port)) => (Ipv4Addr::UNSPECIFIED, port).into(),
            (None, None) => (Ipv4Addr::LOCALHOST, 8080).into(),
        }
    }

    /// By which address browsers reach the service: an origin, https unless it is on this machine.
    pub fn public_url(&self) -> anyhow::Result<Url> {
        let Some(url) = &self.public_url else {
            let default = format!("http://localhost:{}", self.listen().port());
            return default.parse().context("PUBLIC_URL");
        };
        let is_origin = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host() && is_origin,
            "PUBLIC_URL must be scheme, host and port only, as in https://auth.example.com"
        );
        ensure!(
            url.scheme() == "https" || is_loopback(url),
            "PUBLIC_URL must begin with https:// unless it is on localhost: session cookies would travel unprotected"
        );
        Ok(url.clone())
    }

    /// Which database to use.
    #[must_use]
    pub fn database_url(&self) -> &str {
        let set = self.database_url.as_ref().or(self.bare_database_url.as_ref());
        set.map_or("sqlite:data/neptun-auth.db", |url| &url.0)
    }

    /// What the app is opened with.
    pub fn setup(&self) -> anyhow::Result<Setup> {
        Ok(Setup {
            database_url: self.database_url().to_owned(),
            secret_key: self.secret_key()?,
            clock: Clock::System,
            argon2_memory_kib: self.argon2_memory_kib,
            argon2_iterations: self.argon2_iterations,
            hash_slots: self.hash_slots.map(usize::from),
            password_min_length: usize::from(self.password_min_length),
            lifetimes: self.lifetimes()?,
            session_cache_entries: self.session_cache_entries as usize,
            issuer: self.public_url()?.origin().ascii_serialization(),
            mail: self.mail.setup(self.public_url()?)?,
            limits: self.limits.rates(),
        })
    }

    fn secret_key(&self) -> anyhow::Result<Option<SecretKey>> {
        match (&self.secret_key, &self.secret_key_file) {
            (Some(_), Some(_)) => bail!("SECRET_KEY and SECRET_KEY_FILE are both set; remove one of them"),
            (Some(digits), None) => Ok(Some(digits.0.parse()?)),
            (None, Some(path)) => Ok(Some(secret_file::read(path)?)),
            (None, None) => Ok(None),
        }
    }

    fn lifetimes(&self) -> anyhow::Result<Lifetimes> {
        let idle = TimeDelta::from_std(*self.session_idle_timeout).context("SESSION_IDLE_TIMEOUT")?;
        let absolute = TimeDelta::from_std(*self.session_absolute_timeout).context("SESSION_ABSOLUTE_TIMEOUT")?;
        ensure!(
            idle > Lifetimes::RENEWAL_INTERVAL,
            "SESSION_IDLE_TIMEOUT must be longer than a minute, the precision with which use is noted"
        );
        ensure!(
            idle <= absolute,
            "SESSION_IDLE_TIMEOUT must not be longer than SESSION_ABSOLUTE_TIMEOUT"
        );
        ensure!(
            absolute <= TimeDelta::days(400),
            "SESSION_ABSOLUTE_TIMEOUT must not be longer than the 400 days that browsers keep a cookie"
        );
        Ok(Lifetimes { idle, absolute })
    }

    /// How the service meets browsers and proxies.
    pub fn web(&self) -> anyhow::Result<Web> {
        let public_url = self.public_url()?;
        let cookie = SessionCookie::new(
            &public_url,
            self.cookie_name.as_deref(),
            self.cookie_same_site,
            self.cookie_domain.as_deref(),
        )?;
        Ok(Web {
            cookie,
            origins: AllowedOrigins::new(&public_url, self.allowed_origins.clone()),
            client_address: ClientAddress {
                proxies: TrustedProxies::new(self.trusted_proxies.clone()),
                header: self.client_ip_header.clone(),
            },
            https: public_url.scheme() == "https",
            docs: self.docs == Switch::On,
        })
    }

    /// Whether the service can be reached from other machines while it believes that it is used from this one only.
    #[must_use]
    pub fn is_exposed_development(&self, public_url: &Url) -> bool {
        is_loopback(public_url) && !self.listen().ip().is_loopback()
    }
}
