//! Bounds the streams of events that are open: of a session, of a network, and of all clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::shares::{HeldPlace, Shares};
use crate::model::client::Client;
use crate::model::client::network::Network;
use crate::model::id::SessionId;

/// Browsers open six connections to a host over HTTP/1.1, so a seventh stream of a session would wait for ever.
const MOST_OF_SESSION: usize = 6;

/// The streams that are open.
#[derive(Debug)]
pub struct Streams {
    shares: Arc<Shares>,
    /// Only sessions with a stream, so its size is bounded by the shares.
    of_sessions: Arc<Mutex<HashMap<SessionId, usize>>>,
}

/// A stream that is open; dropping it gives its place back.
#[derive(Debug)]
pub struct OpenStream {
    session: SessionId,
    of_sessions: Arc<Mutex<HashMap<SessionId, usize>>>,
    _place: HeldPlace,
}

impl Streams {
    /// At most `most` streams, of which one network may hold a quarter.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            shares: Shares::new(most, most.div_ceil(4)),
            of_sessions: Arc::default(),
        }
    }

    /// Opens a stream of `session`; `None` when the session, its network or all clients have too many.
    #[must_use]
    pub fn open(&self, session: SessionId, client: &Client) -> Option<OpenStream> {
        let place = self.shares.take(client.ip.map(Network::shares).unwrap_or_default())?;
        let mut of_sessions = self.of_sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if of_sessions.get(&session).is_some_and(|open| *open >= MOST_OF_SESSION) {
            return None;
        }
        *of_sessions.entry(session).or_default() += 1;
        drop(of_sessions);
        Some(OpenStream {
            session,
            of_sessions: Arc::clone(&self.of_sessions),
            _place: place,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut of_sessions = self.of_sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = of_sessions.get_mut(&self.session) {
            *open -= 1;
            if *open == 0 {
                of_sessions.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_and_a_network_have_a_share_and_closed_streams_take_no_memory() {
        let streams = Streams::new(40);
        let client = |ip: &str| Client::new(Some(ip.parse().unwrap()), None, None);
        let session = SessionId(Uuid::now_v7());
        let open: Vec<_> = (0..9)
            .filter_map(|_| streams.open(session, &client("203.0.113.9")))
            .collect();
        assert_eq!(open.len(), MOST_OF_SESSION);
        let others: Vec<_> = (0..20)
            .filter_map(|_| streams.open(SessionId(Uuid::now_v7()), &client("203.0.113.9")))
            .collect();
        assert_eq!(others.len(), 4, "the rest of the network's share");
        assert!(
            streams
                .open(SessionId(Uuid::now_v7()), &client("198.51.100.1"))
                .is_some()
        );
        drop((open, others));
        assert!(streams.of_sessions.lock().unwrap().is_empty());
        assert!(streams.open(session, &client("203.0.113.9")).is_some());
    }
}
