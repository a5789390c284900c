//! The tools that flows work with: one [`App`] holds them all.

pub mod background;
pub mod breached;
pub mod clock;
pub mod codes;
pub mod collector;
pub mod device_cookies;
pub mod doctor;
pub mod failed_log_ins;
pub mod hasher;
pub mod import_file;
pub mod limits;
pub mod log_in_links;
pub mod mail;
pub mod outbound;
mod overrides;
pub mod own_key;
pub mod pages;
pub mod passkeys;
pub mod providers;
pub mod readiness;
pub mod refusals;
pub mod restoring;
mod sealing;
pub mod second_factors;
pub mod secret_file;
pub mod sessions;
mod setup;
pub mod shares;
pub mod statistics;
pub mod streams;
pub mod tokens;
pub mod webhooks;

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::model::session::{Lifetimes, SessionCaps};
use crate::model::user::email::{Email, EmailNotVerified};
use crate::model::user::password::PasswordPolicy;
use crate::model::user::sign_ups::{SignUpClosed, SignUps};
use crate::model::webhook::Webhook;
pub use crate::store::DatabaseSetup;
use crate::store::Db;
use crate::telemetry::BackgroundTask;
use background::Background;
use breached::Breached;
use clock::Clock;
use codes::Codes;
use device_cookies::DeviceCookies;
use failed_log_ins::FailedLogIns;
use hasher::Hasher;
use limits::Limits;
use log_in_links::LogInLinks;
use mail::mailer::Mailer;
use mail::outbox::Outbox;
use outbound::Outbound;
use pages::Pages;
use passkeys::Passkeys;
use providers::Providers;
use readiness::Readiness;
use second_factors::SecondFactors;
use sessions::Sessions;
use sessions::cache::SessionCache;
use sessions::renewals::Renewals;
pub use setup::{LogInSetup, Setup};
use statistics::LatestStatistics;
use streams::Streams;
use tokens::Tokens;
use webhooks::Webhooks;

/// Built once at the start. Cloning is cheap, because all clones share the same tools.
#[derive(Clone, Debug)]
pub struct App {
    tools: Arc<Tools>,
    /// The session store that `tower-sessions` works with.
    pub sessions: Arc<Sessions>,
}

/// Every tool except the session store; [`App`] dereferences to it.
#[derive(Debug)]
pub struct Tools {
    pub db: Db,
    pub clock: Clock,
    pub hasher: Hasher,
    pub password_policy: PasswordPolicy,
    pub breached: Breached,
    pub lifetimes: Lifetimes,
    pub session_caps: SessionCaps,
    pub tokens: Tokens,
    pub codes: Codes,
    pub passkeys: Passkeys,
    pub second_factors: SecondFactors,
    pub log_in_links: LogInLinks,
    /// Whether mailed codes log in, and whether they make new accounts.
    pub log_in_by_code: bool,
    sign_up_by_code: bool,
    sign_ups: SignUps,
    pub outbox: Outbox,
    pub mailer: Mailer,
    pub outbound: Outbound,
    /// Places of their own for webhooks, so that slow receivers hold up nothing else.
    pub outbound_to_webhooks: Outbound,
    pub webhooks: Webhooks,
    pub providers: Providers,
    /// The pages for people; `None` where they are switched off.
    pub pages: Option<Pages>,
    /// Whether an account needs a confirmed address for tokens and forward authentication.
    require_verified_email: bool,
    pub limits: Limits,
    pub failed_log_ins: FailedLogIns,
    /// The streams of events that are open.
    pub streams: Streams,
    pub statistics: LatestStatistics,
    /// How long events are kept.
    pub event_retention: TimeDelta,
    pub device_cookies: DeviceCookies,
    pub session_cache: SessionCache,
    pub renewals: Renewals,
    pub background: Arc<Background>,
    /// The key to the tools for end-to-end tests; `None` in a service that people use.
    pub dev_key: Option<String>,
    /// Cancelled when the instance is about to stop, so that load balancers send requests elsewhere.
    pub draining: CancellationToken,
    pub readiness: Readiness,
    /// When this instance opened its database.
    pub started_at: DateTime<Utc>,
    /// Watches the database for changes by other processes, for the session cache. Dropping the app stops the task.
    _watch: JoinSet<()>,
    /// Cancelled when the app closes.
    closing: CancellationToken,
}

impl App {
    /// Opens the database, migrates it and prepares every tool.
    ///
    /// # Errors
    /// When a setting can't be used, or the database can't be opened. The text is for the operator.
    pub async fn open(setup: Setup) -> anyhow::Result<Self> {
        setup.require_secret_key()?;
        // First, because an error in a setting must leave the database untouched.
        let mailer = Mailer::new(&setup.mail)?;
        let pages = setup.pages.map(Pages::new).transpose()?;
        let outbound = Outbound::new(&setup.outbound)?;
        // Enough for every webhook, because a receiver that is slow must not hold up another one.
        let outbound_to_webhooks = outbound.lane(usize::try_from(Webhook::MOST * Webhook::AT_ONCE)?);
        let breached = Breached::new(&setup.breached, &outbound)?;
        let before = own_key::look(&setup.database.url)?;
        let db = Db::connect(&setup.database).await?;
        own_key::report(&db, before).await?;
        let secret_key = match setup.secret_key {
            Some(secret_key) => secret_key,
            None => own_key::read_or_create(&db).await?,
        };
        let now = setup.clock.now();
        let tokens = Tokens::new(db.clone(), &secret_key, setup.issuer, setup.audiences, now).await?;
        let session_cache = SessionCache::new(setup.session_cache_entries, db.freshness());
        let (background, closing) = (Arc::new(Background::default()), CancellationToken::new());
        let tools = Tools {
            _watch: watch(&db, &session_cache, &background, &closing),
            background,
            readiness: Readiness::default(),
            started_at: now,
            closing,
            session_cache,
            renewals: Renewals::new(db.clone()),
            hasher: Hasher::new(setup.argon2_memory_kib, setup.argon2_iterations, setup.hash_slots)?
                .with_secrets(setup.foreign_secrets),
            password_policy: PasswordPolicy::new(setup.password_min_length),
            breached,
            lifetimes: setup.lifetimes,
            session_caps: setup.session_caps,
            limits: Limits::new(setup.limits, setup.clock.clone(), &secret_key)?,
            failed_log_ins: FailedLogIns::default(),
            streams: Streams::new(setup.event_streams),
            statistics: LatestStatistics::default(),
            event_retention: setup.event_retention,
            device_cookies: DeviceCookies::new(&secret_key)?,
            clock: setup.clock,
            tokens,
            codes: Codes::new(&secret_key, setup.mail.code_digits, setup.mail.recovery_url.clone())?,
            passkeys: Passkeys::new(setup.passkeys, setup.log_in.sign_up_by_passkey, &secret_key)?,
            second_factors: SecondFactors::new(&secret_key)?,
            log_in_links: LogInLinks::new(&secret_key, setup.log_in.code_page)?,
            log_in_by_code: setup.log_in.by_code,
            sign_up_by_code: setup.log_in.by_code && setup.log_in.sign_up_by_code,
            sign_ups: setup.log_in.sign_ups,
            outbox: Outbox::new(&secret_key, setup.mail.notices.clone())?,
            mailer: mailer.with_secret(&secret_key)?,
            outbound_to_webhooks,
            providers: Providers::new(setup.providers, &secret_key, &outbound)?,
            outbound,
            pages,
            webhooks: Webhooks::new(&secret_key)?,
            require_verified_email: setup.mail.require_verified_email,
            dev_key: setup.dev_key,
            draining: setup.draining,
            db,
        };
        let sessions = Sessions::new(tools.db.clone(), tools.clock.clone(), tools.lifetimes);
        Ok(Self {
            tools: Arc::new(tools),
            sessions: Arc::new(sessions),
        })
    }

    /// Waits until the running database work is done, then closes the database.
    pub async fn close(&self) {
        self.closing.cancel();
        self.db.close().await;
    }
}

impl Tools {
    /// Allows tokens and forward authentication for an account, because it has a confirmed address or the operator
    /// requires none.
    ///
    /// # Errors
    /// [`EmailNotVerified`].
    pub fn require_verified(&self, email_verified: bool) -> anyhow::Result<()> {
        ensure!(email_verified || !self.require_verified_email, EmailNotVerified);
        Ok(())
    }

    /// Allows a new account for `email`.
    ///
    /// # Errors
    /// [`SignUpClosed`].
    pub fn allow_new_account(&self, email: &Email) -> anyhow::Result<()> {
        ensure!(self.sign_ups.allow(email), SignUpClosed);
        Ok(())
    }

    /// Whether some address may have a new account.
    #[must_use]
    pub fn allows_some_new_accounts(&self) -> bool {
        self.sign_ups != SignUps::Closed
    }

    /// Whether a mailed code may make an account for `email`, which then is stored and mailed to.
    #[must_use]
    pub fn may_sign_up_by_code(&self, email: &Email) -> bool {
        let is_new = Email::parse_new(email.typed()).is_ok();
        self.sign_up_by_code && is_new && self.mailer.accepts(email) && self.sign_ups.allow(email)
    }
}

/// Starts the watch, if the cache is on. Dropping the set stops it.
fn watch(db: &Db, cache: &SessionCache, background: &Arc<Background>, closing: &CancellationToken) -> JoinSet<()> {
    let mut watch = JoinSet::new();
    if cache.is_on() {
        let (db, background, closing) = (db.clone(), Arc::clone(background), closing.clone());
        watch.spawn(async move {
            let watch = || db.watch();
            background.keep_running(BackgroundTask::Watch, &closing, watch).await;
        });
    }
    watch
}

impl Deref for App {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.tools
    }
}

/// Migrates the database to the newest schema.
pub async fn migrate(setup: &DatabaseSetup) -> anyhow::Result<()> {
    let before = own_key::look(&setup.url)?;
    let db = Db::connect(setup).await.context("migrating")?;
    own_key::report(&db, before).await?;
    db.close().await;
    Ok(())
}
