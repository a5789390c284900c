//! Spaces out the answers that refuse a request, so that a flood of refused ones can't crowd out the others.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::shares::{HeldPlace, Shares};
use crate::model::client::network::Network;

/// 500 a second: some 5 % of one core, and more than people reach by trying again.
const GAP: Duration = Duration::from_millis(2);
/// So many refusals go out at once before the gap counts.
const AT_ONCE: u32 = 100;
/// A client must not take the service for dead.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How many refusals wait at the same time, of all clients and of one network. As many as there are connections, so
/// only a client that has many requests in flight on a connection finds no place.
const DIRECT: (usize, usize) = (10_000, 2_500);
/// The same for clients behind a proxy, where each one that waits holds two of the proxy's connections, which others
/// need: nginx has 512 of them, and an HTTP/2 connection of ours has 32 streams.
const PROXIED: (usize, usize) = (128, 16);

/// Whom a refusal is for.
#[derive(Debug, Clone, Copy)]
pub struct RefusedClient {
    pub ip: Option<IpAddr>,
    /// Whether it shares its connection with clients of other networks.
    pub is_proxied: bool,
}

/// Marks an answer as the last one of its connection.
#[derive(Debug, Clone, Copy)]
pub struct EndsConnection;

/// Gives each refusal its turn.
#[derive(Debug)]
pub struct Refusals {
    /// When the next turn begins. It lies in the past while refusals are rare.
    next: Mutex<Instant>,
    direct: Arc<Shares>,
    proxied: Arc<Shares>,
}

/// When a refusal goes out.
#[derive(Debug)]
pub struct Turn {
    pub wait: Duration,
    /// Whether its connection ends with it, because it has more requests in flight than may wait.
    pub ends_connection: bool,
    _place: Option<HeldPlace>,
}

impl Refusals {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            next: Mutex::new(now),
            direct: Shares::new(DIRECT.0, DIRECT.1),
            proxied: Shares::new(PROXIED.0, PROXIED.1),
        }
    }

    /// The turn of a refusal of `now`. It comes within two seconds, and at once where no place to wait is free.
    ///
    /// A client that sends its next request once the last one is answered gets as many answers a second as it has
    /// connections and turns, however fast the service could refuse.
    pub fn turn(&self, now: Instant, client: RefusedClient) -> Turn {
        let places = if client.is_proxied { &self.proxied } else { &self.direct };
        let place = places.take(client.ip.map(Network::shares).unwrap_or_default());
        Turn {
            wait: if place.is_some() {
                self.wait(now)
            } else {
                Duration::ZERO
            },
            ends_connection: place.is_none() && !client.is_proxied,
            _place: place,
        }
    }

    /// How long until the next free turn, which is taken by that; the longest time if there is none within it.
    fn wait(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(GAP * AT_ONCE).unwrap_or(now);
        let turn = earliest.max(*next);
        let wait = turn.saturating_duration_since(now);
        if wait >= LONGEST_WAIT {
            return LONGEST_WAIT;
        }
        *next = turn + GAP;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits of `count` refusals that come at once.
    fn all_waits(refusals: &Refusals, now: Instant, count: usize) -> Vec<Duration> {
        (0..count).map(|_| refusals.wait(now)).collect()
    }

    #[test]
    fn few_refusals_do_not_wait_and_a_flood_gets_a_turn_every_two_milliseconds() {
        let begin = Instant::now();
        let refusals = Refusals::new(begin);
        let now = begin + Duration::from_secs(1);
        let waits = all_waits(&refusals, now, 600);
        assert!(waits[..=100].iter().all(Duration::is_zero));
        assert_eq!(waits[101], GAP);
        assert_eq!(waits[599], GAP * 499);
        // Once the flood has had all its turns, refusals are rare again.
        let later = now + GAP * 600;
        assert!(all_waits(&refusals, later, 100).iter().all(Duration::is_zero));
    }

    #[test]
    fn no_refusal_waits_for_more_than_two_seconds() {
        let begin = Instant::now();
        let refusals = Refusals::new(begin);
        let waits = all_waits(&refusals, begin, 100_000);
        assert_eq!(waits.iter().max(), Some(&LONGEST_WAIT));
        // Those that have waited for longest make no debt: two seconds later the flood is forgotten but for its turns.
        assert!(refusals.wait(begin + LONGEST_WAIT) <= GAP);
    }

    /// The turns of `count` refusals that come at once for one client, all of which wait.
    fn all_turns(refusals: &Refusals, count: usize, ip: &str, is_proxied: bool) -> Vec<Turn> {
        let ip = Some(ip.parse().unwrap());
        let turns = (0..count).map(|_| refusals.turn(Instant::now(), RefusedClient { ip, is_proxied }));
        turns.collect()
    }

    #[test]
    fn behind_a_proxy_few_refusals_of_a_network_wait_and_others_go_out_at_once_on_the_same_connection() {
        let refusals = Refusals::new(Instant::now() + 2 * LONGEST_WAIT);
        let turns = all_turns(&refusals, 100, "203.0.113.9", true);
        let waiting = turns.iter().filter(|turn| turn.wait == LONGEST_WAIT).count();
        assert_eq!(waiting, 16);
        assert!(
            turns[16..]
                .iter()
                .all(|turn| turn.wait.is_zero() && !turn.ends_connection)
        );
        let others = all_turns(&refusals, 1, "198.51.100.1", true);
        assert_eq!(others[0].wait, LONGEST_WAIT);
        drop(turns);
        let later = all_turns(&refusals, 1, "203.0.113.9", true);
        assert_eq!(later[0].wait, LONGEST_WAIT);
    }

    #[test]
    fn whoever_has_more_refusals_in_flight_than_may_wait_loses_the_connection() {
        let refusals = Refusals::new(Instant::now() + 2 * LONGEST_WAIT);
        let turns = all_turns(&refusals, 2_600, "203.0.113.9", false);
        assert!(
            turns[..2_500]
                .iter()
                .all(|turn| turn.wait == LONGEST_WAIT && !turn.ends_connection)
        );
        assert!(
            turns[2_500..]
                .iter()
                .all(|turn| turn.wait.is_zero() && turn.ends_connection)
        );
    }
}
