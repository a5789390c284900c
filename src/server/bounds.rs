//! How many connections there may be, and how long one may rest.

use std::time::Duration;

use crate::model::client::proxy::TrustedProxies;

/// Connections beyond these, or beyond half of the file descriptors, wait in the system's backlog until another one
/// closes.
const MAX_CONNECTIONS: u32 = 10_000;

/// The bounds of connections.
#[derive(Debug, Clone)]
pub struct ConnectionBounds {
    /// Connections that one network may hold; `None` for a quarter of all.
    pub share: Option<u32>,
    /// Peers that bring the connections of many clients, and so have no share.
    pub proxies: TrustedProxies,
    /// How long a connection may rest between two requests.
    pub keep_alive: Duration,
}

impl Default for ConnectionBounds {
    fn default() -> Self {
        Self {
            share: None,
            proxies: TrustedProxies::default(),
            keep_alive: Duration::from_secs(75),
        }
    }
}

/// Raises the limit on file descriptors as far as the system allows, and leaves half of them to the database and the
/// log.
pub fn connection_limit() -> u32 {
    let descriptors = rlimit::increase_nofile_limit(u64::from(MAX_CONNECTIONS) * 2).unwrap_or_else(|error| {
        tracing::warn!(
            %error,
            "the limit on file descriptors can't be raised, so the service accepts at most 512 connections"
        );
        1024
    });
    u32::try_from(descriptors / 2).map_or(MAX_CONNECTIONS, |half| half.min(MAX_CONNECTIONS))
}
