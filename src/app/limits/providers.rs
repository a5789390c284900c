//! The limits around log-ins with other providers.

use super::{ALARMS, Limits};
use crate::model::client::Client;
use crate::model::limit::Operation;

impl Limits {
    /// Counts a browser that sets out to a provider, as [`Self::allow_arrival`] counts an attempt but apart from those:
    /// pages elsewhere can make a browser set out, and must not use up the log-ins of its network.
    ///
    /// # Errors
    /// [`super::Throttled`].
    pub fn allow_set_out(&self, client: &Client) -> anyhow::Result<()> {
        let Some(rates) = &self.rates else { return Ok(()) };
        match client.device {
            Some(device) => self.count("log-in", rates.log_in, (Operation::SetOut, device.id)),
            None => self.allow_network(Operation::SetOut, client),
        }
    }

    /// Whether one more failure of `provider` may be logged. It holds with limits switched off too.
    #[must_use]
    pub fn allow_provider_report(&self, provider: &str) -> bool {
        self.rate_limiter.count(("failed provider", provider), ALARMS).is_ok()
    }
}
