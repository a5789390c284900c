//! The network of a client, as coarse as a purpose needs.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

/// Bits of an IPv6 address that the network decides; the client chooses and changes the rest.
const IPV6_PREFIX: u8 = 64;

impl Network {
    /// The network behind one internet connection: one IPv4 address, or the /64 from which an IPv6 client can choose.
    #[must_use]
    pub fn subscriber(ip: IpAddr) -> Self {
        Self::around(ip, 32)
    }

    /// The /24 around an IPv4 address, from which a provider gives its customers new addresses, or an IPv6 /64.
    #[must_use]
    pub fn provider_range(ip: IpAddr) -> Self {
        Self::around(ip, 24)
    }

    /// The /48 that an IPv6 customer may have; `None` for IPv4, which has no such thing.
    #[must_use]
    pub fn site(ip: IpAddr) -> Option<Self> {
        let ip = ip.to_canonical();
        ip.is_ipv6().then(|| Self(IpNet::new_assert(ip, 48).trunc()))
    }

    /// The networks that share a bounded resource for a client at `ip`: its own, and its site.
    #[must_use]
    pub fn shares(ip: IpAddr) -> [Option<Self>; 2] {
        [Some(Self::subscriber(ip)), Self::site(ip)]
    }

    fn around(ip: IpAddr, ipv4_prefix: u8) -> Self {
        let ip = ip.to_canonical();
        let prefix = if ip.is_ipv4() { ipv4_prefix } else { IPV6_PREFIX };
        Self(IpNet::new_assert(ip, prefix).trunc())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_subscriber_are_one_network() {
        let subscriber = |ip: &str| Network::subscriber(ip.parse().unwrap()).to_string();
        assert_eq!(subscriber("203.0.113.9"), "203.0.113.9/32");
        assert_eq!(subscriber("::ffff:203.0.113.9"), "203.0.113.9/32");
        assert_eq!(subscriber("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(subscriber("2001:db8:1:2::1"), subscriber("2001:db8:1:2:ffff::"));
        assert_ne!(subscriber("2001:db8:1:2::1"), subscriber("2001:db8:1:3::1"));
        let site = |ip: &str| Network::site(ip.parse().unwrap()).map(|site| site.to_string());
        assert_eq!(site("2001:db8:1:2::1").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(site("203.0.113.9"), None);
        let provider_range = |ip: &str| Network::provider_range(ip.parse().unwrap()).to_string();
        assert_eq!(provider_range("203.0.113.9"), "203.0.113.0/24");
        assert_eq!(provider_range("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    }
}
