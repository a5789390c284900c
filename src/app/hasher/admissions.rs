//! The places in the queue for hashing, shared among networks, so that no network fills the queue for all others.
//!
//! A network may hold at most as many places as are free after it. So one network alone gets half of the queue, two get
//! a third each, and a network that holds none finds one until there is none at all. The last eighth is for clients
//! that an account knows: by a device cookie, a session or a mailed code.
//!
//! A hash of another system may take as long as many of ours. It takes as many places, and all such hashes together get
//! a part of the queue only, so that checks of our own hashes wait about a second for them at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::client::Client;
use crate::model::client::network::Network;
use crate::model::unavailable::Unavailable;

/// One place of this number is for clients that an account knows.
const ONE_KNOWN_OF: usize = 8;

/// Places for hashes that take long, for each slot: one in this number of all places, and half of them at most.
const ONE_SLOW_OF: usize = 8;

#[derive(Debug)]
pub struct Admissions {
    capacity: usize,
    /// Number of places that hashes which take long may hold besides their first ones.
    slow_capacity: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    slow: usize,
    /// Only networks that hold a place are here, so this has at most `capacity` entries.
    by_network: HashMap<Option<Network>, usize>,
}

/// A place in the queue, or several. They become free when the last copy is dropped.
#[derive(Debug)]
pub struct HeldPlace {
    admissions: Arc<Admissions>,
    network: Option<Network>,
    /// What the client may use of the queue.
    capacity: usize,
    count: usize,
    /// Whether the places are those of a hash that takes long.
    is_slow: bool,
}

impl Admissions {
    pub fn new(capacity: usize, slots: usize) -> Arc<Self> {
        let one_slot = capacity / ONE_SLOW_OF;
        Arc::new(Self {
            capacity,
            slow_capacity: one_slot.saturating_mul(slots).clamp(one_slot, capacity / 2),
            held: Mutex::default(),
        })
    }

    /// The number of places that are held.
    pub fn taken(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// Takes a place for `client`; the last ones only if an account knows it.
    ///
    /// # Errors
    /// [`Unavailable`] at once when no place is free, or when the client's network holds more than are free.
    pub fn admit(self: &Arc<Self>, client: &Client, is_known: bool) -> Result<HeldPlace, Unavailable> {
        // An IPv6 customer may have thousands of networks, so all of them share one part.
        let network = client.site().or(client.subscriber());
        let capacity = if is_known {
            self.capacity
        } else {
            self.capacity - self.capacity / ONE_KNOWN_OF
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.take(network, 1, capacity)?;
        Ok(HeldPlace {
            admissions: Arc::clone(self),
            network,
            capacity,
            count: 1,
            is_slow: false,
        })
    }

    /// The number of places that a hash gets which takes as long as `weight` of ours. The longest ones hash alone.
    pub fn bounded_weight(&self, weight: usize) -> usize {
        weight.clamp(1, self.slow_capacity)
    }
}

impl Held {
    fn take(&mut self, network: Option<Network>, count: usize, capacity: usize) -> Result<(), Unavailable> {
        let own = self.by_network.get(&network).copied().unwrap_or_default();
        if own + count > capacity.saturating_sub(self.total) {
            return Err(Unavailable::new(
                "the queue for hashing passwords has no place for this network",
            ));
        }
        self.total += count;
        self.by_network.insert(network, own + count);
        Ok(())
    }
}

impl HeldPlace {
    /// Takes as many places as make this one `weight` places.
    ///
    /// # Errors
    /// [`Unavailable`] at once when the part for hashes that take long is full, or as [`Admissions::admit`].
    pub fn widen(&self, weight: usize) -> Result<Self, Unavailable> {
        let count = weight.saturating_sub(1);
        let mut held = self.admissions.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.slow + count > self.admissions.slow_capacity {
            return Err(Unavailable::new(
                "the queue for hashing passwords has no room for another hash that takes long",
            ));
        }
        held.take(self.network, count, self.capacity)?;
        held.slow += count;
        Ok(Self {
            admissions: Arc::clone(&self.admissions),
            network: self.network,
            capacity: self.capacity,
            count,
            is_slow: true,
        })
    }
}

impl Drop for HeldPlace {
    fn drop(&mut self) {
        let mut held = self.admissions.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.total -= self.count;
        if self.is_slow {
            held.slow -= self.count;
        }
        if let Some(own) = held.by_network.get_mut(&self.network) {
            *own -= self.count;
            if *own == 0 {
                held.by_network.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(ip: &str) -> Client {
        Client::new(Some(ip.parse().unwrap()), None, None)
    }

    /// As many places as `ip` gets.
    fn flood(admissions: &Arc<Admissions>, ip: &str) -> Vec<HeldPlace> {
        std::iter::from_fn(|| admissions.admit(&client(ip), false).ok()).collect()
    }

    #[test]
    fn one_network_gets_half_and_leaves_the_rest_to_others() {
        let admissions = Admissions::new(256, 2);
        let first = flood(&admissions, "203.0.113.9");
        assert_eq!(first.len(), 112);
        assert!(admissions.admit(&client("198.51.100.20"), false).is_ok());
        let second = flood(&admissions, "203.0.113.10");
        assert_eq!(second.len(), 56);
        assert!(admissions.admit(&client("198.51.100.20"), false).is_ok());
        drop((first, second));
        assert_eq!(admissions.held.lock().unwrap().total, 0);
        assert!(admissions.held.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn all_networks_of_an_ipv6_site_share_one_part() {
        let admissions = Admissions::new(256, 2);
        let places: Vec<_> = (0..1000)
            .filter_map(|number| {
                admissions
                    .admit(&client(&format!("2001:db8:1:{number:x}::1")), false)
                    .ok()
            })
            .collect();
        assert_eq!(places.len(), 112);
        assert!(admissions.admit(&client("2001:db8:2::1"), false).is_ok());
    }

    #[test]
    fn strangers_of_any_number_of_networks_leave_places_to_known_clients() {
        let admissions = Admissions::new(256, 2);
        let floods: Vec<_> = (0..=255)
            .map(|number| flood(&admissions, &format!("203.0.113.{number}")))
            .collect();
        assert_eq!(floods.iter().map(Vec::len).sum::<usize>(), 224);
        assert!(admissions.admit(&client("198.51.100.20"), false).is_err());
        let known: Vec<_> = std::iter::from_fn(|| admissions.admit(&client("198.51.100.20"), true).ok()).collect();
        assert_eq!(known.len(), 16);
    }

    #[test]
    fn clients_without_an_address_are_one_network() {
        let admissions = Admissions::new(16, 2);
        let nowhere = Client::new(None, None, None);
        let places: Vec<_> = std::iter::from_fn(|| admissions.admit(&nowhere, false).ok()).collect();
        assert_eq!(places.len(), 7);
        assert!(admissions.admit(&client("198.51.100.20"), false).is_ok());
    }

    #[test]
    fn hashes_that_take_long_get_a_part_of_the_queue_only() {
        for (slots, most) in [(1, 32), (2, 64), (64, 128)] {
            let admissions = Admissions::new(256, slots);
            assert_eq!(admissions.bounded_weight(0), 1);
            assert_eq!(admissions.bounded_weight(1_000_000), most);
            let mut slow = Vec::new();
            for number in 0..=255 {
                let place = admissions
                    .admit(&client(&format!("203.0.113.{number}")), false)
                    .unwrap();
                let Ok(more) = place.widen(9) else { break };
                slow.push((place, more));
            }
            assert_eq!(slow.len(), most / 8, "{slots} slots");
            // Checks of our own hashes go on.
            let ours = admissions.admit(&client("198.51.100.20"), false).unwrap();
            assert!(ours.widen(9).is_err());
            assert!(ours.widen(1).is_ok());
            drop((slow, ours));
            let held = admissions.held.lock().unwrap();
            assert_eq!((held.total, held.slow, held.by_network.len()), (0, 0, 0));
        }
    }

    #[test]
    fn one_network_does_not_get_all_places_for_hashes_that_take_long() {
        let admissions = Admissions::new(256, 64);
        let flood: Vec<_> = std::iter::from_fn(|| {
            let place = admissions.admit(&client("203.0.113.9"), false).ok()?;
            place.widen(32).ok().map(|more| (place, more))
        })
        .collect();
        assert_eq!(flood.len(), 3);
        let other = admissions.admit(&client("198.51.100.20"), false).unwrap();
        assert!(other.widen(32).is_ok());
    }
}
