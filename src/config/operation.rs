//! Documentation pages, metrics and logs.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use clap::Args;

use super::values::{ListenAddress, Switch};
use crate::model::outbound::is_internal;
use crate::telemetry::LogFormat;

#[derive(Debug, Args)]
#[command(next_help_heading = "Operation")]
pub struct OperationSettings {
    /// Serve /docs/ and /openapi.json
    #[arg(long, env = "NEPTUN_AUTH_DOCS", default_value = "on", global = true)]
    docs: Switch,
    /// Address and port of the private listener for Prometheus metrics, such as 127.0.0.1:9090 [default: none]
    #[arg(long, env = "NEPTUN_AUTH_METRICS_LISTEN", global = true)]
    metrics_listen: Option<ListenAddress>,
    /// Address and port of the private listener for operators, such as 127.0.0.1:9091. It serves `/api/admin/` to keys,
    /// and the public listener no longer does [default: none]
    #[arg(long, env = "NEPTUN_AUTH_ADMIN_LISTEN", global = true)]
    admin_listen: Option<ListenAddress>,
    /// How long events are kept, such as log-ins and changes of passwords; 1h to 10 years
    #[arg(long, env = "NEPTUN_AUTH_EVENT_RETENTION", default_value = "180d", global = true)]
    event_retention: humantime::Duration,
    /// Which log lines to write, as in `info` or `warn,neptun_auth=debug`
    #[arg(long, env = "NEPTUN_AUTH_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Format of the log lines
    #[arg(long, env = "NEPTUN_AUTH_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
}

impl OperationSettings {
    /// The address of the private listener for metrics, if there is one.
    ///
    /// # Errors
    /// When it has no port.
    pub fn metrics_listen(&self) -> anyhow::Result<Option<SocketAddr>> {
        private(self.metrics_listen, "METRICS_LISTEN")
    }

    /// The address of the private listener for operators, if there is one.
    ///
    /// # Errors
    /// When it has no port.
    pub fn admin_listen(&self) -> anyhow::Result<Option<SocketAddr>> {
        private(self.admin_listen, "ADMIN_LISTEN")
    }

    /// The address of the private listener for operators, if other networks may reach it.
    #[must_use]
    pub fn exposed_admin_listen(&self) -> Option<SocketAddr> {
        let address = self.admin_listen().ok().flatten();
        address.filter(|address| !is_internal(address.ip()))
    }

    /// How long events are kept.
    ///
    /// # Errors
    /// When the time is too short or too long.
    pub fn event_retention(&self) -> anyhow::Result<TimeDelta> {
        let retention = TimeDelta::from_std(*self.event_retention).context("EVENT_RETENTION is too long")?;
        ensure!(
            (TimeDelta::hours(1)..=TimeDelta::days(3653)).contains(&retention),
            "EVENT_RETENTION must be between one hour and ten years"
        );
        Ok(retention)
    }

    /// Whether the documentation is served.
    #[must_use]
    pub fn serves_docs(&self) -> bool {
        self.docs == Switch::On
    }
}

/// On this machine unless an address is given.
fn private(address: Option<ListenAddress>, setting: &str) -> anyhow::Result<Option<SocketAddr>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let port = address.port;
    let port = port.with_context(|| format!("{setting} needs a port, as in 127.0.0.1:9090"))?;
    Ok(Some((address.ip.unwrap_or(Ipv4Addr::LOCALHOST.into()), port).into()))
}
