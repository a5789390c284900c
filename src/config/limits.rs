//! The settings that say how often things may be done.

use clap::Args;

use super::Switch;
use crate::model::limit::Rates;
use crate::model::limit::rate::Rate;

#[derive(Debug, Args)]
pub struct LimitSettings {
    /// Whether the limits below count; without them nothing slows a guesser down but the cost of hashing
    #[arg(long, env = "NEPTUN_AUTH_RATE_LIMITS", default_value = "on", global = true)]
    rate_limits: Switch,
    /// Sign-ups from one network: so many at once, then one whenever its share of the time has passed
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_SIGN_UP", default_value = "100/h", global = true)]
    limit_sign_up: Rate,
    /// Log-ins and other checks of a password or a code, for one network
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_LOG_IN", default_value = "300/h", global = true)]
    limit_log_in: Rate,
    /// Refresh tokens exchanged by one network
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_REFRESH", default_value = "600/m", global = true)]
    limit_refresh: Rate,
    /// Mails that one network causes
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_MAIL", default_value = "30/h", global = true)]
    limit_mail: Rate,
    /// Mails to one address
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_MAIL_TO", default_value = "5/h", global = true)]
    limit_mail_to: Rate,
    /// Wrong passwords for one account from strangers, and as many from each device or network that it knows
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_FAILURES", default_value = "10/15m", global = true)]
    limit_failures: Rate,
}

impl LimitSettings {
    /// `None` when limits are switched off.
    #[must_use]
    pub fn rates(&self) -> Option<Rates> {
        (self.rate_limits == Switch::On).then_some(Rates {
            sign_up: self.limit_sign_up,
            log_in: self.limit_log_in,
            refresh: self.limit_refresh,
            mail: self.limit_mail,
            mail_to: self.limit_mail_to,
            failures: self.limit_failures,
        })
    }
}
