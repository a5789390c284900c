//! An app with a database of its own, and clients that call it.

mod answer;
pub mod authenticator;
pub mod binary;
mod client;
mod database;
pub mod identities;
mod mail;
pub mod old_schemas;
mod postgres;
pub mod proxy;
mod redact;
mod requests;
mod stream;
mod totp;
mod user;
pub mod web;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use clap::ValueEnum;
use neptun_auth::api::{self, CrossOrigin, Web};
use neptun_auth::app::breached::BreachedSetup;
use neptun_auth::app::clock::Clock;
use neptun_auth::app::hasher::foreign::ForeignSecrets;
use neptun_auth::app::mail::mailer::MailSetup;
use neptun_auth::app::outbound::OutboundSetup;
use neptun_auth::app::pages::{BrandSetup, PagesSetup};
use neptun_auth::app::passkeys::PasskeySetup;
use neptun_auth::app::{App, DatabaseSetup, LogInSetup, Setup};
use neptun_auth::model::client::origin::{AllowedOrigins, Origin};
use neptun_auth::model::cookie::SameSite;
use neptun_auth::model::limit::Rates;
use neptun_auth::model::mail::{InternationalAddresses, Notice};
use neptun_auth::model::passkey::relying_party::{RelyingParty, RpId};
use neptun_auth::model::session::cookie::SessionCookie;
use neptun_auth::model::session::{Lifetimes, SessionCaps};
use neptun_auth::model::user::sign_ups::SignUps;
use poem::Response;
use poem::endpoint::BoxEndpoint;
use poem::http::HeaderValue;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use answer::{Answer, Tokens};
pub use client::Client;
pub use database::TestDatabase;
pub use mail::{TestMail, inbox, send_some};
pub use redact::redact;
pub use totp::Authenticator;
pub use user::{ALICE, TestUser};

pub const PASSWORD: &str = "correct horse battery";

pub const SECRET_KEY: &str = "5c0e8d27f1b94a6330e7d8125f9ac4b6e21d7048b395fc6a81d40e37926bcf15";

/// Cheap hashes, limits that no test reaches unless it is about them, and otherwise what the service has by default.
pub fn setup(database_url: &str, clock: Clock) -> Setup {
    Setup {
        database: DatabaseSetup::new(database_url),
        secret_key: Some(SECRET_KEY.parse().unwrap()),
        clock,
        argon2_memory_kib: 64,
        argon2_iterations: 2,
        hash_slots: None,
        foreign_secrets: ForeignSecrets::default(),
        password_min_length: 8,
        breached: BreachedSetup {
            file: None,
            url: None,
            // No test on a slow machine takes as long.
            timeout: Duration::from_mins(2),
        },
        lifetimes: Lifetimes {
            idle: TimeDelta::days(7),
            absolute: TimeDelta::days(30),
        },
        session_caps: SessionCaps {
            cookies: 100,
            tokens: 100,
        },
        session_cache_entries: 1000,
        issuer: "http://localhost:8080".to_owned(),
        audiences: Vec::new(),
        passkeys: passkeys("http://localhost:8080", &[]),
        mail: MailSetup {
            smtp_url: None,
            from: None,
            ehlo_name: None,
            templates: None,
            notices: Notice::value_variants().to_vec(),
            code_digits: 8,
            require_verified_email: false,
            international_addresses: InternationalAddresses::Auto,
            recovery_url: None,
            public_url: "http://localhost:8080".parse().unwrap(),
        },
        event_retention: TimeDelta::days(180),
        event_streams: 1000,
        log_in: LogInSetup {
            sign_ups: SignUps::Open,
            by_code: false,
            sign_up_by_code: false,
            sign_up_by_passkey: false,
            code_page: None,
        },
        limits: Some(limits("1000000/h")),
        outbound: OutboundSetup::default(),
        providers: identities::no_providers(),
        pages: Some(pages()),
        dev_key: None,
        draining: CancellationToken::new(),
    }
}

/// Pages without anything of an operator's own.
pub fn pages() -> PagesSetup {
    PagesSetup {
        templates: None,
        brand: BrandSetup {
            name: "Example".to_owned(),
            colour: "#1d4ed8".parse().unwrap(),
            logo: None,
            link: None,
        },
        start_url: None,
    }
}

/// Passkeys of a service at `public_url`, whose host they belong to, with `related` origins.
pub fn passkeys(public_url: &str, related: &[&str]) -> PasskeySetup {
    let public_url = Url::parse(public_url).unwrap();
    let origins = AllowedOrigins::new(&public_url, Vec::new());
    let related = related.iter().map(|text| (*text).to_owned()).collect();
    let party = |id| RelyingParty::new(id, "Example".to_owned(), origins, related);
    PasskeySetup {
        relying_party: RpId::of(&public_url).map(party),
    }
}

/// Everything limited to `rate`.
pub fn limits(rate: &str) -> Rates {
    let rate = rate.parse().unwrap();
    Rates {
        sign_up: rate,
        log_in: rate,
        refresh: rate,
        mail: rate,
        mail_to: rate,
        failures: rate,
    }
}

fn web(public_url: &str, origins: &[&str], docs: bool) -> Web {
    let public_url = Url::parse(public_url).unwrap();
    let origins = origins.iter().map(|text| Origin::parse(text).unwrap()).collect();
    Web {
        cookie: SessionCookie::new(&public_url, None, SameSite::Lax, None).unwrap(),
        cross_origin: CrossOrigin::new(AllowedOrigins::new(&public_url, origins), &[]),
        client_address: api::ClientAddress::default(),
        hsts: (public_url.scheme() == "https").then(|| HeaderValue::from_static("max-age=63072000")),
        requests: api::RequestBounds { most: 2048, share: 512 },
        forward_auth: api::ForwardAuth::default(),
        public_url: public_url.origin().ascii_serialization(),
        docs,
        operators: true,
    }
}

/// A client of an instance at `app` whose session cookie is `SameSite=Strict`.
pub fn strict_client(app: &App) -> Client {
    let mut web = web("http://localhost:8080", &[], true);
    let public_url = Url::parse(&web.public_url).unwrap();
    web.cookie = SessionCookie::new(&public_url, None, SameSite::Strict, None).unwrap();
    Client::new(Arc::new(api::routes(app, &web)))
}

/// A client of the instance `app`.
pub fn client_of(app: &App) -> Client {
    Client::new(Arc::new(api::routes(app, &web("http://localhost:8080", &[], true))))
}

/// The service as a test sees it.
pub struct TestApp {
    pub endpoint: Arc<BoxEndpoint<'static, Response>>,
    pub app: App,
    pub clock: Clock,
    pub database: TestDatabase,
}

impl TestApp {
    /// An app on `http://localhost:8080` with cheap hashes and a clock that stands still.
    pub async fn new() -> Self {
        Self::with_web("http://localhost:8080", &[]).await
    }

    /// An app that browsers reach at `public_url`, and that `origins` may call.
    pub async fn with_web(public_url: &str, origins: &[&str]) -> Self {
        Self::build(public_url, origins, true).await
    }

    /// An app that does not describe itself.
    pub async fn without_docs() -> Self {
        Self::build("http://localhost:8080", &[], false).await
    }

    /// An app with these limits.
    pub async fn with_limits(limits: Rates) -> Self {
        Self::with_setup(|setup| setup.limits = Some(limits)).await
    }

    async fn build(public_url: &str, origins: &[&str], docs: bool) -> Self {
        Self::open(&web(public_url, origins, docs), |_| {}).await
    }

    /// An app with the settings as `change` leaves them.
    pub async fn with_setup(change: impl FnOnce(&mut Setup)) -> Self {
        Self::open(&web("http://localhost:8080", &[], true), change).await
    }

    /// An app at `https://auth.example.com` that `https://app.example.com` may call, with the HTTP settings as `change`
    /// leaves them.
    pub async fn with_changed_web(change: impl FnOnce(&mut Web)) -> Self {
        let mut web = web("https://auth.example.com", &["https://app.example.com"], true);
        change(&mut web);
        Self::open(&web, |_| {}).await
    }

    async fn open(web: &Web, change: impl FnOnce(&mut Setup)) -> Self {
        Self::open_on(TestDatabase::create().await, web, change).await
    }

    /// An app that reaches `database` by another URL than tests do.
    pub async fn by_way_of(url: String, database: TestDatabase) -> Self {
        let web = web("http://localhost:8080", &[], true);
        Self::open_on(database, &web, |setup| setup.database.url = url).await
    }

    /// An app on `database`, with the settings as `change` leaves them.
    pub async fn on(database: TestDatabase, change: impl FnOnce(&mut Setup)) -> Self {
        Self::open_on(database, &web("http://localhost:8080", &[], true), change).await
    }

    /// Tries to start an instance on the database at `url`.
    pub async fn try_open(url: &str) -> anyhow::Result<App> {
        App::open(setup(url, Clock::System)).await
    }

    async fn open_on(database: TestDatabase, web: &Web, change: impl FnOnce(&mut Setup)) -> Self {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let mut setup = setup(&database.url, clock.clone());
        change(&mut setup);
        let app = Box::pin(App::open(setup)).await.unwrap();
        Self {
            endpoint: Arc::new(api::routes(&app, web)),
            app,
            clock,
            database,
        }
    }

    /// A client of another instance that shares the database and the clock.
    pub async fn second_instance(&self) -> Client {
        self.instance(setup(&self.database.url, self.clock.clone())).await
    }

    /// A client of an instance that reaches its database by `url`.
    pub async fn instance_at(&self, url: &str) -> Client {
        self.instance(setup(url, self.clock.clone())).await
    }

    /// A client of an instance that was opened with `setup`.
    pub async fn instance(&self, setup: Setup) -> Client {
        let app = Box::pin(App::open(setup)).await.unwrap();
        client_of(&app)
    }

    /// A second instance like that of [`Self::second_instance`], and a client of it.
    pub async fn second_app(&self) -> (Client, App) {
        let app = App::open(setup(&self.database.url, self.clock.clone())).await.unwrap();
        (client_of(&app), app)
    }

    /// A client without a cookie.
    pub fn client(&self) -> Client {
        Client::new(Arc::clone(&self.endpoint))
    }

    /// Runs a statement that both kinds of database understand.
    pub async fn execute(&self, sql: &'static str) {
        self.database.execute(sql, sql).await;
    }

    /// The number that `sql` selects.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.database.count(sql).await
    }
}

/// Whether `bytes` contain this sequence.
pub fn contains(bytes: &[u8], sequence: &[u8]) -> bool {
    bytes.windows(sequence.len()).any(|window| window == sequence)
}

/// Runs the tasks of all numbers below `count` at the same time, and returns what they returned, in order.
pub async fn at_once<Task>(count: usize, task: impl Fn(usize) -> Task) -> Vec<Task::Output>
where
    Task: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(task(number))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
