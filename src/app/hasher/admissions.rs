//! The places in the queue for hashing, shared among networks, so that no network fills the queue for all others.
//!
//! A network may hold at most as many places as are free after it. So one network alone gets half of the queue, two get
//! a third each, and a network that holds none finds one until there is none at all. The last eighth is for clients
//! that an account knows: by a device cookie, a session or a mailed code.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::client::Client;
use crate::model::client::network::Network;
use crate::model::unavailable::Unavailable;

/// One place of this number is for clients that an account knows.
const ONE_KNOWN_OF: usize = 8;

#[derive(Debug)]
pub struct Admissions {
    capacity: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    /// Only networks that hold a place are here, so this has at most `capacity` entries.
    by_network: HashMap<Option<Network>, usize>,
}

/// A place in the queue. It becomes free when the last copy is dropped.
#[derive(Debug)]
pub struct HeldPlace {
    admissions: Arc<Admissions>,
    network: Option<Network>,
}

impl Admissions {
    pub fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            held: Mutex::default(),
        })
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
        let own = held.by_network.get(&network).copied().unwrap_or_default();
        if own >= capacity.saturating_sub(held.total) {
            return Err(Unavailable::new(
                "the queue for hashing passwords has no place for this network",
            ));
        }
        held.total += 1;
        held.by_network.insert(network, own + 1);
        Ok(HeldPlace {
            admissions: Arc::clone(self),
            network,
        })
    }
}

impl Drop for HeldPlace {
    fn drop(&mut self) {
        let mut held = self.admissions.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.total -= 1;
        if let Some(own) = held.by_network.get_mut(&self.network) {
            *own -= 1;
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
        let admissions = Admissions::new(256);
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
        let admissions = Admissions::new(256);
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
        let admissions = Admissions::new(256);
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
        let admissions = Admissions::new(16);
        let nowhere = Client::new(None, None, None);
        let places: Vec<_> = std::iter::from_fn(|| admissions.admit(&nowhere, false).ok()).collect();
        assert_eq!(places.len(), 7);
        assert!(admissions.admit(&client("198.51.100.20"), false).is_ok());
    }
}
