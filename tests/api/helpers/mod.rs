//! An app with a database of its own, and clients that call it.

pub mod binary;
mod client;
mod database;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use neptun_auth::api::{self, Web};
use neptun_auth::app::clock::Clock;
use neptun_auth::app::{App, Setup};
use neptun_auth::model::origin::{AllowedOrigins, Origin};
use neptun_auth::model::session::Lifetimes;
use neptun_auth::model::session_cookie::{SameSite, SessionCookie};
use poem::Response;
use poem::endpoint::BoxEndpoint;
use url::Url;

pub use client::{Answer, Client};
pub use database::TestDatabase;

pub const PASSWORD: &str = "correct horse battery";

pub const SECRET_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Cheap hashes, and otherwise what the service has by default.
pub fn setup(database_url: &str, clock: Clock) -> Setup {
    Setup {
        database_url: database_url.to_owned(),
        secret_key: Some(SECRET_KEY.parse().unwrap()),
        clock,
        argon2_memory_kib: 64,
        argon2_iterations: 2,
        password_min_length: 8,
        lifetimes: Lifetimes {
            idle: TimeDelta::days(7),
            absolute: TimeDelta::days(30),
        },
        session_cache_entries: 1000,
        issuer: "http://localhost:8080".to_owned(),
    }
}

fn web(public_url: &str, origins: &[&str], docs: bool) -> Web {
    let public_url = Url::parse(public_url).unwrap();
    let origins = origins.iter().map(|text| Origin::parse(text).unwrap()).collect();
    Web {
        cookie: SessionCookie::new(&public_url, None, SameSite::Lax, None).unwrap(),
        origins: AllowedOrigins::new(&public_url, origins),
        client_address: api::ClientAddress::default(),
        https: public_url.scheme() == "https",
        docs,
    }
}

fn client_of(app: &App) -> Client {
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

    async fn build(public_url: &str, origins: &[&str], docs: bool) -> Self {
        let web = web(public_url, origins, docs);
        let database = TestDatabase::create().await;
        let clock = Clock::fixed(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let app = App::open(setup(&database.url, clock.clone())).await.unwrap();
        Self {
            endpoint: Arc::new(api::routes(&app, &web)),
            app,
            clock,
            database,
        }
    }

    /// A client of another instance that shares the database and the clock.
    pub async fn second_instance(&self) -> Client {
        self.instance(setup(&self.database.url, self.clock.clone())).await
    }

    /// A client of an instance that was opened with `setup`.
    pub async fn instance(&self, setup: Setup) -> Client {
        let app = App::open(setup).await.unwrap();
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

    /// A client that has just signed up as `email`.
    pub async fn signed_up(&self, email: &str) -> Client {
        let client = self.client();
        client.sign_up(email, PASSWORD).await.assert_status(200);
        client
    }
}
