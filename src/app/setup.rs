//! The settings of an app.

use anyhow::ensure;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::breached::BreachedSetup;
use super::clock::Clock;
use super::hasher::foreign::ForeignSecrets;
use super::mail::mailer::MailSetup;
use super::outbound::OutboundSetup;
use super::pages::PagesSetup;
use super::passkeys::PasskeySetup;
use super::providers::ProvidersSetup;
use crate::model::limit::Rates;
use crate::model::secret_key::SecretKey;
use crate::model::session::{Lifetimes, SessionCaps};
use crate::model::token::audience::Audience;
use crate::model::user::sign_ups::SignUps;
use crate::store::DatabaseSetup;

/// The settings of an app.
#[derive(Debug)]
pub struct Setup {
    pub database: DatabaseSetup,
    /// `None` means the key in a file beside the SQLite database, which the first start creates.
    pub secret_key: Option<SecretKey>,
    pub clock: Clock,
    pub argon2_memory_kib: u32,
    pub argon2_iterations: u32,
    /// Number of passwords hashed at the same time; `None` means one per core.
    pub hash_slots: Option<usize>,
    /// The secrets that hashes of other systems were made with.
    pub foreign_secrets: ForeignSecrets,
    pub password_min_length: usize,
    pub breached: BreachedSetup,
    pub lifetimes: Lifetimes,
    pub session_caps: SessionCaps,
    /// Number of sessions kept in memory; 0 for none.
    pub session_cache_entries: usize,
    /// The issuer of tokens: the public URL without a final slash.
    pub issuer: String,
    /// The services that access tokens can be asked for.
    pub audiences: Vec<Audience>,
    /// How long events are kept.
    pub event_retention: TimeDelta,
    /// Number of streams of events that may be open.
    pub event_streams: usize,
    /// `None` switches all limits off.
    pub limits: Option<Rates>,
    pub passkeys: PasskeySetup,
    pub mail: MailSetup,
    pub outbound: OutboundSetup,
    pub log_in: LogInSetup,
    pub providers: ProvidersSetup,
    /// `None` switches the pages for people off.
    pub pages: Option<PagesSetup>,
    /// The key to the tools for end-to-end tests, in a service that is there for them only.
    pub dev_key: Option<String>,
    /// Cancelled when the instance is about to stop.
    pub draining: CancellationToken,
}

impl Setup {
    /// Checks that there is a key: PostgreSQL has no file that one could stand beside.
    ///
    /// # Errors
    /// When it is missing. The text is for the operator.
    pub fn require_secret_key(&self) -> anyhow::Result<()> {
        ensure!(
            self.secret_key.is_some() || self.database.url.starts_with("sqlite:"),
            "SECRET_KEY is needed with PostgreSQL: set the same key for every instance; \
             `openssl rand -hex 32` makes one"
        );
        Ok(())
    }
}

/// The settings for new accounts and for log-in by code.
#[derive(Debug)]
pub struct LogInSetup {
    pub sign_ups: SignUps,
    pub by_code: bool,
    pub sign_up_by_code: bool,
    pub sign_up_by_passkey: bool,
    /// The page that mails with log-in codes link to; `None` for no links.
    pub code_page: Option<Url>,
}
