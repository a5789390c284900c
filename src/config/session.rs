//! The session cookie, the lifetimes of sessions, and the session cache.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use clap::Args;
use url::Url;

use crate::model::cookie::SameSite;
use crate::model::session::cookie::SessionCookie;
use crate::model::session::{Lifetimes, SessionCaps};

/// More sessions of one account would make its list too long for one answer.
const MAX_SESSIONS: i64 = 1000;

#[derive(Debug, Args)]
#[command(next_help_heading = "Sessions")]
pub struct SessionSettings {
    /// Name of the session cookie [default: __Host-neptun-session with an https public URL, otherwise neptun-session]
    #[arg(long, env = "NEPTUN_AUTH_COOKIE_NAME", global = true)]
    cookie_name: Option<String>,
    /// `SameSite` attribute of the session cookie: whether browsers send it with requests from other sites
    #[arg(long, env = "NEPTUN_AUTH_COOKIE_SAME_SITE", default_value = "lax", global = true)]
    cookie_same_site: SameSite,
    /// Domain whose subdomains share the cookie [default: none, the cookie stays with its host]
    #[arg(long, env = "NEPTUN_AUTH_COOKIE_DOMAIN", global = true)]
    cookie_domain: Option<String>,
    /// A session expires if it is not used for this long
    #[arg(long, env = "NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", default_value = "7d", global = true)]
    session_idle_timeout: humantime::Duration,
    /// A session expires this long after its log-in, even if it is in use
    #[arg(
        long,
        env = "NEPTUN_AUTH_SESSION_ABSOLUTE_TIMEOUT",
        default_value = "30d",
        global = true
    )]
    session_absolute_timeout: humantime::Duration,
    /// Sessions by cookie that one account may have; a log-in beyond ends the one that was not used for longest; 1 to
    /// 1000
    #[arg(
        long,
        env = "NEPTUN_AUTH_MAX_COOKIE_SESSIONS",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=MAX_SESSIONS),
        global = true
    )]
    max_cookie_sessions: u32,
    /// Sessions with tokens that one account may have; a log-in beyond ends the one that was not used for longest; 1 to
    /// 1000
    #[arg(
        long,
        env = "NEPTUN_AUTH_MAX_TOKEN_SESSIONS",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=MAX_SESSIONS),
        global = true
    )]
    max_token_sessions: u32,
    /// Number of sessions cached in memory, so that their checks need no database; the default takes up to 110 MiB; 0
    /// reads the database for each check
    #[arg(
        long,
        env = "NEPTUN_AUTH_SESSION_CACHE_ENTRIES",
        default_value_t = 200_000,
        value_parser = clap::value_parser!(u32).range(..=10_000_000),
        global = true
    )]
    session_cache_entries: u32,
}

impl SessionSettings {
    /// The cookie of a service that browsers reach at `public_url`.
    pub fn cookie(&self, public_url: &Url) -> anyhow::Result<SessionCookie> {
        Ok(SessionCookie::new(
            public_url,
            self.cookie_name.as_deref(),
            self.cookie_same_site,
            self.cookie_domain.as_deref(),
        )?)
    }

    /// The number of sessions to cache in memory.
    #[must_use]
    pub fn cache_entries(&self) -> usize {
        self.session_cache_entries as usize
    }

    /// How many sessions one account may have.
    #[must_use]
    pub fn caps(&self) -> SessionCaps {
        SessionCaps {
            cookies: self.max_cookie_sessions,
            tokens: self.max_token_sessions,
        }
    }

    /// The lifetimes of sessions.
    pub fn lifetimes(&self) -> anyhow::Result<Lifetimes> {
        let idle = TimeDelta::from_std(*self.session_idle_timeout).context("SESSION_IDLE_TIMEOUT is too long")?;
        let absolute =
            TimeDelta::from_std(*self.session_absolute_timeout).context("SESSION_ABSOLUTE_TIMEOUT is too long")?;
        ensure!(
            idle > Lifetimes::SHORTEST_RENEWAL_INTERVAL,
            "SESSION_IDLE_TIMEOUT must be longer than {} s, the precision with which use is stored",
            Lifetimes::SHORTEST_RENEWAL_INTERVAL.num_seconds()
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
}
