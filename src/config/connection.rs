//! Bounds of connections and requests, and how the service stops.

use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Args;

use crate::api::RequestBounds;
use crate::model::client::proxy::TrustedProxies;
use crate::server::ConnectionBounds;

/// A shorter rest would end connections that are in use; a longer one would keep those of clients that are gone.
const KEEP_ALIVE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

#[derive(Debug, Args)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionSettings {
    /// Connections that one network (an IPv4 address or an IPv6 /64) may hold; trusted proxies have no share [default:
    /// a quarter of all connections, which are half of the file descriptors, at most 10000]
    #[arg(
        long,
        env = "NEPTUN_AUTH_MAX_CONNECTIONS_PER_NETWORK",
        value_parser = clap::value_parser!(u32).range(1..),
        global = true
    )]
    max_connections_per_network: Option<u32>,
    /// Requests that may be in flight at once; beyond these the answer is 503
    #[arg(
        long,
        env = "NEPTUN_AUTH_MAX_REQUESTS",
        default_value_t = 2048,
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        global = true
    )]
    max_requests: u32,
    /// Requests that one network may have in flight [default: a quarter of `MAX_REQUESTS`]
    #[arg(
        long,
        env = "NEPTUN_AUTH_MAX_REQUESTS_PER_NETWORK",
        value_parser = clap::value_parser!(u32).range(1..),
        global = true
    )]
    max_requests_per_network: Option<u32>,
    /// Streams of events that may be open at once, a quarter of them for one network; beyond these the answer is 503
    #[arg(
        long,
        env = "NEPTUN_AUTH_MAX_EVENT_STREAMS",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        global = true
    )]
    max_event_streams: u32,
    /// An open connection without a request for this long is closed; choose more than the proxy in front does, which is
    /// 60 s for many and 10 min for Google's; 1s to 1h
    #[arg(
        long,
        env = "NEPTUN_AUTH_KEEP_ALIVE",
        default_value = "75s",
        value_parser = keep_alive,
        global = true
    )]
    keep_alive: humantime::Duration,
    /// How long the service still accepts requests after SIGTERM, with 503 at /health/ready, so that load balancers can
    /// send new ones elsewhere
    #[arg(long, env = "NEPTUN_AUTH_DRAIN_DELAY", default_value = "0s", global = true)]
    drain_delay: humantime::Duration,
}

impl ConnectionSettings {
    /// How many requests may be in flight.
    #[must_use]
    pub fn requests(&self) -> RequestBounds {
        let share = self.max_requests_per_network.unwrap_or(self.max_requests.div_ceil(4));
        RequestBounds {
            most: self.max_requests as usize,
            share: share as usize,
        }
    }

    /// The bounds of connections; `proxies` have no share.
    #[must_use]
    pub fn connections(&self, proxies: TrustedProxies) -> ConnectionBounds {
        ConnectionBounds {
            share: self.max_connections_per_network,
            proxies,
            keep_alive: *self.keep_alive,
        }
    }

    /// How many streams of events may be open.
    #[must_use]
    pub fn event_streams(&self) -> usize {
        self.max_event_streams as usize
    }

    /// How long to go on after the signal to stop.
    #[must_use]
    pub fn drain_delay(&self) -> Duration {
        *self.drain_delay
    }
}

fn keep_alive(text: &str) -> Result<humantime::Duration, String> {
    let rest: humantime::Duration = text.trim().parse().map_err(|error| format!("{error}"))?;
    if KEEP_ALIVE.contains(&*rest) {
        Ok(rest)
    } else {
        Err("write a time from 1s to 1h".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_between_requests_is_neither_nothing_nor_for_ever() {
        for text in ["1s", " 75s ", "610s", "1h"] {
            assert!(keep_alive(text).is_ok(), "{text}");
        }
        for text in ["0s", "999ms", "2h", "75", ""] {
            assert!(keep_alive(text).is_err(), "{text}");
        }
    }
}
