//! The limits: a fast rate limiter in memory, and the names under which the database counts failures.
//!
//! Each instance has its own rate limiter, which is empty after a restart. That is enough to bound work. How often a
//! password may be guessed is decided in the database, where all instances count together
//! (`flows::steps::count_attempt`).

mod rate_limiter;

use anyhow::Context;
use ring::hmac;

use super::clock::Clock;
use super::sealing::derive;
use crate::model::client::Client;
use crate::model::id::SessionId;
use crate::model::id::UserId;
use crate::model::limit::attempt::{Bucket, Budget};
use crate::model::limit::rate::Rate;
use crate::model::limit::throttled::Throttled;
use crate::model::limit::{Operation, Place, Rates};
use crate::model::secret_key::SecretKey;
use crate::model::user::email::Email;
use crate::telemetry;
use rate_limiter::RateLimiter;

#[derive(Debug)]
pub struct Limits {
    /// `None` when limits are switched off.
    rates: Option<Rates>,
    rate_limiter: RateLimiter,
    key: hmac::Key,
}

impl Limits {
    pub fn new(rates: Option<Rates>, clock: Clock, secret: &SecretKey) -> anyhow::Result<Self> {
        let key = derive(secret, b"neptun-auth 1: counters of failed attempts").context("limits")?;
        Ok(Self {
            rates,
            rate_limiter: RateLimiter::new(clock),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
        })
    }

    /// Counts `operation` for the network of `client` and for all networks together. Clients without a known address
    /// count as one network.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow(&self, operation: Operation, client: &Client) -> anyhow::Result<()> {
        self.allow_network(operation, client)?;
        self.allow_all(operation)
    }

    /// Counts an attempt to prove an identity. A device that the account knows has a limit of its own, so that other
    /// clients can't use it up. A network that the account knows has its own limit and does not count against all
    /// networks.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_check(&self, place: &Place, client: &Client) -> anyhow::Result<()> {
        match (place, &self.rates) {
            (_, None) => Ok(()),
            (Place::Device(id), Some(rates)) => {
                self.count("log-in", rates.log_in, (Operation::Check, id))?;
                // One limit for the account, however many device cookies it has.
                let user = client.device.map(|device| device.user);
                self.count("log-in", rates.log_in.times(3), (Operation::Check, user))
            }
            (Place::Network(_), _) => self.allow_network(Operation::Check, client),
            (Place::Strangers, _) => self.allow(Operation::Check, client),
        }
    }

    /// Counts something costly that `user` does without a password, for the network of `client` too.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_account(&self, user: UserId, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.allow_network(Operation::Check, client)?;
        self.count("mail", rates.mail, (Operation::Check, user))
    }

    /// Counts an exchange of the refresh token of one session.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_refresh(&self, session: SessionId) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.count("refresh", rates.refresh, (Operation::Refresh, session))
    }

    /// Counts a mail to `to`, from whatever client.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_mail_to(&self, to: &Email) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.count("mail-to", rates.mail_to, (Operation::Mail, to.canonical()))
    }

    fn allow_network(&self, operation: Operation, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let (limit, rate) = rates.of(operation);
        self.count(limit, rate, (operation, client.subscriber()))?;
        match client.site() {
            // One IPv6 customer may have thousands of networks.
            Some(site) => self.count(limit, rate.times(Rates::SITE_FACTOR), (operation, "site", site)),
            None => Ok(()),
        }
    }

    fn allow_all(&self, operation: Operation) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let (limit, rate) = rates.of(operation);
        self.count(limit, rate.times(Rates::ALL_NETWORKS_FACTOR), operation)
    }

    fn count(&self, limit: &'static str, rate: Rate, key: impl std::hash::Hash) -> anyhow::Result<()> {
        self.rate_limiter.allow(key, rate).map_err(|wait| {
            let retry_after = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            throttled(limit, rate, retry_after)
        })
    }

    /// How many failures an account allows from one place; `None` when limits are switched off.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        self.rates.map(|rates| Budget::new(rates.failures))
    }

    /// The error for an attempt on an account with too many failures.
    #[must_use]
    pub fn failures_used_up(&self, retry_after: u64) -> anyhow::Error {
        match &self.rates {
            Some(rates) => throttled("failures", rates.failures, retry_after),
            None => anyhow::anyhow!("a limit that is switched off was used up"),
        }
    }

    /// The bucket for attempts on `account` from `place`. `account` is its name in canonical form.
    #[must_use]
    pub fn bucket(&self, account: &str, place: &Place) -> Bucket {
        Bucket {
            subject: self.subject(account),
            place: self.hash(&format!("place {}", place.name())),
        }
    }

    /// What all buckets of an account share.
    #[must_use]
    pub fn subject(&self, account: &str) -> Vec<u8> {
        self.hash(&format!("password {account}"))
    }

    fn hash(&self, text: &str) -> Vec<u8> {
        hmac::sign(&self.key, text.as_bytes()).as_ref()[..16].to_vec()
    }
}

fn throttled(limit: &'static str, rate: Rate, retry_after: u64) -> anyhow::Error {
    telemetry::limit_used_up(limit);
    let throttled = Throttled {
        limit,
        rate,
        retry_after,
    };
    throttled.into()
}
