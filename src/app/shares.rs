//! Divides a bounded number of places among networks, so that none can take them all from the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::client::network::Network;

/// The /48 of an IPv6 customer may hold this many shares, because other customers can be in it.
const SITE_FACTOR: usize = 2;

/// Places for everyone, and how many of them one network may hold.
#[derive(Debug)]
pub struct Shares {
    most: usize,
    share: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Only networks that hold a place, so its size is bounded by `most`.
    by_network: HashMap<Network, usize>,
}

/// A place in use; dropping it gives it back.
#[derive(Debug)]
pub struct HeldPlace {
    shares: Arc<Shares>,
    networks: [Option<Network>; 2],
}

impl Shares {
    /// `most` places, of which one network may hold `share`.
    #[must_use]
    pub fn new(most: usize, share: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            share,
            taken: Mutex::default(),
        })
    }

    /// Takes a place for `networks`: those of a client from [`Network::shares`], none for a client that has no share of
    /// its own. `None` when all places are taken, or the share of one of the networks is.
    #[must_use]
    pub fn take(self: &Arc<Self>, networks: [Option<Network>; 2]) -> Option<HeldPlace> {
        let mut taken = self.lock();
        let is_over = |(network, factor): (&Option<Network>, usize)| {
            let held = network.and_then(|network| taken.by_network.get(&network));
            held.is_some_and(|held| *held >= self.share.saturating_mul(factor))
        };
        if taken.all >= self.most || networks.iter().zip([1, SITE_FACTOR]).any(is_over) {
            return None;
        }
        taken.all += 1;
        for network in networks.into_iter().flatten() {
            *taken.by_network.entry(network).or_default() += 1;
        }
        drop(taken);
        Some(HeldPlace {
            shares: Arc::clone(self),
            networks,
        })
    }

    /// The numbers stay consistent even if a thread panicked while holding them: nothing between the steps can panic.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HeldPlace {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        taken.all -= 1;
        for network in self.networks.into_iter().flatten() {
            if let Some(held) = taken.by_network.get_mut(&network) {
                *held -= 1;
                if *held == 0 {
                    taken.by_network.remove(&network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(shares: &Arc<Shares>, ip: &str) -> Option<HeldPlace> {
        shares.take(Network::shares(ip.parse().unwrap()))
    }

    #[test]
    fn a_network_that_holds_its_share_leaves_the_rest_to_others() {
        let shares = Shares::new(4, 2);
        let mut held: Vec<_> = (0..9).filter_map(|_| take(&shares, "203.0.113.9")).collect();
        assert_eq!(held.len(), 2);
        held.extend(take(&shares, "203.0.113.10"));
        held.extend(take(&shares, "2001:db8::1"));
        assert_eq!(held.len(), 4);
        assert!(take(&shares, "198.51.100.1").is_none(), "all places are taken");
        held.remove(0);
        assert!(take(&shares, "203.0.113.9").is_some());
    }

    #[test]
    fn the_networks_of_one_ipv6_customer_hold_two_shares_together() {
        let shares = Shares::new(100, 3);
        let held: Vec<_> = (0..100)
            .filter_map(|number| take(&shares, &format!("2001:db8:1:{number:x}::1")))
            .collect();
        assert_eq!(held.len(), 6);
        assert!(take(&shares, "2001:db8:2::1").is_some());
    }

    #[test]
    fn networks_without_a_place_take_no_memory() {
        let shares = Shares::new(100, 3);
        for number in 0..1000 {
            drop(take(&shares, &format!("2001:db8:{number:x}::1")));
        }
        assert!(shares.lock().by_network.is_empty());
    }

    #[test]
    fn a_client_without_a_share_is_bounded_by_all_places_only() {
        let shares = Shares::new(5, 2);
        let held: Vec<_> = (0..9).filter_map(|_| shares.take([None, None])).collect();
        assert_eq!(held.len(), 5);
    }
}
