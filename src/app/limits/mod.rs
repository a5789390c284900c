//! Limits how often clients and accounts may do something.
//!
//! A rate limiter in memory bounds the work of one instance; it is empty after a restart. Guesses at a password are
//! bounded in the database, where all instances count together (`flows::steps::count_attempt`). This module only
//! computes the names of those failed-attempt buckets.

mod providers;
mod rate_limiter;

use std::time::Duration;

use anyhow::Context;
use ring::hmac;

use super::clock::Clock;
use super::sealing::derive;
use crate::model::admin::Credential;
use crate::model::client::Client;
use crate::model::id::SessionId;
use crate::model::id::UserId;
use crate::model::limit::attempt::{Bucket, Budget};
use crate::model::limit::rate::Rate;
use crate::model::limit::throttled::Throttled;
use crate::model::limit::{Operation, Place, Rates};
use crate::model::mail::code::Purpose;
use crate::model::secret_key::SecretKey;
use crate::model::user::email::Email;
use crate::telemetry;
use rate_limiter::RateLimiter;

/// The part of a limit of all networks together at which the operator gets an alarm, before any client is rejected.
const ALARM_AT: f64 = 0.8;
/// At most one alarm a minute for each operation.
const ALARMS: Rate = Rate::ONE_A_MINUTE;
/// Events about failed log-ins of one account.
const FAILURE_EVENTS: Rate = Rate::TWENTY_FOUR_A_DAY;
/// Requests of one operator's key or account.
const ADMIN: Rate = Rate::SIX_HUNDRED_A_MINUTE;

/// The limits of this instance.
#[derive(Debug)]
pub struct Limits {
    /// `None` when the operator has switched the limits off.
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

    /// Counts an attempt to prove an identity, before anything is read for it: for the device that the client shows, or
    /// for its network. [`Self::allow_check`] counts the rest, once it is known which account the attempt is about.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_arrival(&self, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        match client.device {
            Some(device) => self.count("log-in", rates.log_in, (Operation::Check, device.id)),
            None => self.allow_network(Operation::Check, client),
        }
    }

    /// Counts an attempt to prove an identity that [`Self::allow_arrival`] has let pass. A device that the account
    /// knows has a limit of its own, which other clients can't use up. A network that the account knows counts for
    /// itself but not for all networks together, so that an attack from elsewhere does not lock the account owner out.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_check(&self, place: &Place, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        if let Place::Device(_) = place {
            // One limit for the account, however many device cookies it has.
            let user = client.device.map(|device| device.user);
            return self.count("log-in", rates.log_in.times(3), (Operation::Check, user));
        }
        if client.device.is_some() {
            // Another account's device does not exempt the network.
            self.allow_network(Operation::Check, client)?;
        }
        match place {
            Place::Strangers => self.allow_all(Operation::Check),
            Place::Network(_) | Place::Device(_) => Ok(()),
        }
    }

    /// Counts an event about failed log-ins of `user`; `false` if the account has had its share. It holds with limits
    /// switched off too, so that guessing can't fill the disk.
    #[must_use]
    pub fn allow_failure_event(&self, user: UserId) -> bool {
        let counted = self.rate_limiter.count(("failed log-ins", user), FAILURE_EVENTS);
        counted.is_ok()
    }

    /// Counts a costly operation that `user` does without a password, for the account and for the network of `client`.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_account(&self, user: UserId, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.allow_network(Operation::Check, client)?;
        self.count("mail", rates.mail, (Operation::Check, user))
    }

    /// Counts a request to the admin API, for the key or the account that it is made with.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_admin(&self, credential: &Credential) -> anyhow::Result<()> {
        match self.rates {
            Some(_) => self.count("admin", ADMIN, ("admin", credential.to_string())),
            None => Ok(()),
        }
    }

    /// Counts one refresh of a session's tokens.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_refresh(&self, session: SessionId) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.count("refresh", rates.refresh, (Operation::Refresh, session))
    }

    /// Counts a mail to `to` that a client asked for without a session, regardless of the client.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_mail_to(&self, to: &Email) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.count("mail-to", rates.mail_to, (Operation::Mail, to.canonical()))
    }

    /// Counts a notice to `to`, an address that was never confirmed.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_notice_to(&self, to: &Email) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.count("mail-to", rates.mail_to, (Operation::Mail, to.canonical(), "notice"))
    }

    /// Counts a code for `purpose` that a session of `user` asks to be mailed to `to`: for the network, the account and
    /// the address. Requests without a session can't use these limits up, and no limit of all networks applies.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_proof_mail(&self, user: UserId, to: &Email, purpose: Purpose, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.allow_network(Operation::Mail, client)?;
        self.count("mail", rates.mail, (Operation::Mail, user, "proof"))?;
        let key = (Operation::Mail, to.canonical(), purpose.name());
        self.count("mail-to", rates.mail_to, key)
    }

    /// Counts a mail to `to` that a client asked for from a device or network that its account knows. Strangers' mails
    /// to the address can't use this limit up.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_mail_to_known_place(&self, to: &Email) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        self.count(
            "mail-to",
            rates.mail_to,
            (Operation::Mail, to.canonical(), "known place"),
        )
    }

    /// Counts `operation` for the network of `client` only.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_network(&self, operation: Operation, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let (limit, rate) = rates.of(operation);
        self.count(limit, rate, (operation, client.subscriber()))?;
        match client.site() {
            // One IPv6 customer may have thousands of networks, so the customer's site is counted too.
            Some(site) => self.count(limit, rate.times(Rates::SITE_FACTOR), (operation, "site", site)),
            None => Ok(()),
        }
    }

    /// Counts `operation` for all networks together. Count it last, so that no request counts here that another limit
    /// rejects. Others can use this limit up, so it is for clients that no account knows.
    ///
    /// # Errors
    /// [`Throttled`].
    pub fn allow_all(&self, operation: Operation) -> anyhow::Result<()> {
        self.try_all(operation).map_err(Full::reject)
    }

    /// As [`Self::allow_all`]; the caller may still let the client pass.
    ///
    /// # Errors
    /// [`Full`].
    pub fn try_all(&self, operation: Operation) -> Result<(), Full> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let (limit, rate) = rates.of(operation);
        let rate = rate.times(Rates::ALL_NETWORKS_FACTOR);
        let used = self.try_count(limit, rate, operation)?;
        if used >= rate.period().mul_f64(ALARM_AT) && self.rate_limiter.count(("alarm", operation), ALARMS).is_ok() {
            telemetry::limit_of_all_nearly_used_up(limit);
        }
        Ok(())
    }

    fn count(&self, limit: &'static str, rate: Rate, key: impl std::hash::Hash) -> anyhow::Result<()> {
        self.try_count(limit, rate, key).map(drop).map_err(Full::reject)
    }

    /// How much of the rate's period is used up.
    fn try_count(&self, limit: &'static str, rate: Rate, key: impl std::hash::Hash) -> Result<Duration, Full> {
        self.rate_limiter.count(key, rate).map_err(|wait| {
            let retry_after = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Full(Throttled {
                limit,
                rate,
                retry_after,
            })
        })
    }

    /// How many failures an account allows from one place; `None` when the limits are off.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        self.rates.map(|rates| Budget::new(rates.failures))
    }

    /// The error for an attempt on an account with too many failures.
    ///
    /// [`Throttled`], which says after how many seconds the next attempt is allowed.
    #[must_use]
    pub fn too_many_failures(&self, retry_after: u64) -> anyhow::Error {
        let Some(rates) = &self.rates else {
            return anyhow::anyhow!("failed attempts were counted although the limits are off: this is a bug");
        };
        let full = Full(Throttled {
            limit: "failures",
            rate: rates.failures,
            retry_after,
        });
        full.reject()
    }

    /// The failed-attempt bucket of `account` for `place`. `account` is the identifier in canonical form.
    #[must_use]
    pub fn bucket(&self, account: &str, place: &Place) -> Bucket {
        Bucket {
            subject: self.subject(account),
            place: self.hash(&format!("place {}", place.name())),
        }
    }

    /// The part of the name that all buckets of an account share, so that they can be cleared together.
    #[must_use]
    pub fn subject(&self, account: &str) -> Vec<u8> {
        self.hash(&format!("password {account}"))
    }

    fn hash(&self, text: &str) -> Vec<u8> {
        hmac::sign(&self.key, text.as_bytes()).as_ref()[..16].to_vec()
    }
}

/// A limit that has no room. The request counts as rejected only once the caller says so.
#[derive(Debug)]
#[must_use]
pub struct Full(Throttled);

impl Full {
    /// The error that rejects the request, counted and logged.
    #[must_use]
    pub fn reject(self) -> anyhow::Error {
        telemetry::limit_used_up(self.0.limit);
        self.0.into()
    }
}
