//! The rate limits.

use clap::Args;

use super::values::Switch;
use crate::model::limit::Rates;
use crate::model::limit::rate::Rate;

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Enforce the limits below; off leaves only the cost of hashing to slow down guessing
    #[arg(long, env = "NEPTUN_AUTH_RATE_LIMITS", default_value = "on", global = true)]
    rate_limits: Switch,
    /// Sign-ups from one network (an IPv4 address or an IPv6 /64); 100/h allows 100 at once, then one every 36 s
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_SIGN_UP", default_value = "100/h", global = true)]
    limit_sign_up: Rate,
    /// Log-ins and other checks of a password or a code, for one network
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_LOG_IN", default_value = "300/h", global = true)]
    limit_log_in: Rate,
    /// Exchanges of refresh tokens, for one session
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_REFRESH", default_value = "600/m", global = true)]
    limit_refresh: Rate,
    /// Mails that requests from one network cause
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_MAIL", default_value = "30/h", global = true)]
    limit_mail: Rate,
    /// Mails to one address, counted apart for each reason to send one
    #[arg(long, env = "NEPTUN_AUTH_LIMIT_MAIL_TO", default_value = "5/h", global = true)]
    limit_mail_to: Rate,
    /// Wrong passwords for one account: one budget for each device and network that it knows, one for all others
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
