//! What proxies are told that ask `/api/auth/verify`.

use anyhow::{Context, ensure};
use clap::Args;
use url::Url;

use super::values::Switch;
use crate::api::ForwardAuth;

#[derive(Debug, Args)]
#[command(next_help_heading = "Forward authentication")]
pub struct ForwardAuthSettings {
    /// Log-in page for browsers without a session, an address or a path of this service: /api/auth/verify redirects to
    /// it, with the page they asked for as `return_to` [default: none, they get 401]
    #[arg(long, env = "NEPTUN_AUTH_FORWARD_AUTH_LOG_IN_URL", global = true)]
    forward_auth_log_in_url: Option<String>,
    /// Let CORS preflights of the application pass /api/auth/verify without a session; the proxy must set
    /// X-Forwarded-Method itself
    #[arg(
        long,
        env = "NEPTUN_AUTH_FORWARD_AUTH_PREFLIGHTS",
        default_value = "off",
        global = true
    )]
    forward_auth_preflights: Switch,
}

impl ForwardAuthSettings {
    /// The settings of a service that browsers reach at `public_url`.
    pub fn settings(&self, public_url: &Url) -> anyhow::Result<ForwardAuth> {
        let page = self.forward_auth_log_in_url.as_deref().map(str::trim);
        let page = page.filter(|page| !page.is_empty());
        Ok(ForwardAuth {
            log_in_url: page.map(|page| log_in_url(public_url, page)).transpose()?,
            preflights: self.forward_auth_preflights == Switch::On,
        })
    }
}

fn log_in_url(public_url: &Url, page: &str) -> anyhow::Result<Url> {
    let advice =
        "FORWARD_AUTH_LOG_IN_URL must be an address, as in https://app.example.com/log-in, or a path, as in /log-in";
    let is_path = page.starts_with('/') && !page.starts_with("//");
    ensure!(
        is_path || page.starts_with("https://") || page.starts_with("http://"),
        advice
    );
    public_url.join(page).context(advice)
}
