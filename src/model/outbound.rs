//! Which addresses the service itself may call: what an account owner or an operator names must not lead into the
//! network that the service runs in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The addresses that may be called: public ones, and those that the operator listed.
#[derive(Debug, Clone, Default)]
pub struct Destinations {
    listed: Vec<IpNet>,
    is_anywhere: bool,
}

impl Destinations {
    #[must_use]
    pub fn new(listed: Vec<IpNet>) -> Self {
        Self {
            listed,
            is_anywhere: false,
        }
    }

    /// Every address, with and without encryption.
    #[must_use]
    pub fn anywhere() -> Self {
        Self {
            listed: Vec::new(),
            is_anywhere: true,
        }
    }

    /// Every address with encryption, and without it only this machine, whatever a name says.
    #[must_use]
    pub fn anywhere_encrypted() -> Self {
        Self::new(vec![Ipv4Net::default().into(), Ipv6Net::default().into()])
    }

    /// Whether `ip` may be called. Without encryption only a listed loopback address may: nothing on the way can read
    /// along there.
    #[must_use]
    pub fn allow(&self, ip: IpAddr, is_encrypted: bool) -> bool {
        if self.is_anywhere {
            return true;
        }
        let is_listed = self.listed.iter().any(|network| network.contains(&ip));
        if is_encrypted {
            is_listed || is_public(ip)
        } else {
            is_listed && ip.is_loopback()
        }
    }
}

/// IPv4 networks that are not the Internet (IANA's registry of special-purpose addresses), and the relays of 6to4.
const NOT_PUBLIC_IPV4: &[Ipv4Net] = &[
    ipv4(0, 0, 0, 8),
    ipv4(10, 0, 0, 8),
    // Carrier-grade NAT; clouds keep services of their own there.
    ipv4(100, 64, 0, 10),
    ipv4(127, 0, 0, 8),
    // Link-local, with the metadata services of clouds.
    ipv4(169, 254, 0, 16),
    ipv4(172, 16, 0, 12),
    ipv4(192, 0, 0, 24),
    ipv4(192, 0, 2, 24),
    ipv4(192, 88, 99, 24),
    ipv4(192, 168, 0, 16),
    ipv4(198, 18, 0, 15),
    ipv4(198, 51, 100, 24),
    ipv4(203, 0, 113, 24),
    // Multicast, reserved and broadcast.
    ipv4(224, 0, 0, 3),
];

/// The IPv6 Internet. Loopback, mapped IPv4, NAT64, ULA, link-local and multicast addresses are outside of it.
const IPV6_INTERNET: Ipv6Net = ipv6([0x2000, 0], 3);

/// Networks inside [`IPV6_INTERNET`] that lead elsewhere: an IPv4 address is part of those of Teredo (in the first) and
/// of 6to4, the others are documentation.
const NOT_PUBLIC_IPV6: &[Ipv6Net] = &[
    ipv6([0x2001, 0], 23),
    ipv6([0x2001, 0xdb8], 32),
    ipv6([0x2002, 0], 16),
    ipv6([0x3fff, 0], 20),
];

const fn ipv4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn ipv6([a, b]: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// Whether only this machine or its network can reach what listens at `ip`, as far as the address tells.
#[must_use]
pub fn is_internal(ip: IpAddr) -> bool {
    !ip.is_unspecified() && !is_public(ip.to_canonical())
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !NOT_PUBLIC_IPV4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => IPV6_INTERNET.contains(&ip) && !NOT_PUBLIC_IPV6.iter().any(|network| network.contains(&ip)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(listed: &[&str], ip: &str, is_encrypted: bool) -> bool {
        let listed = listed.iter().map(|network| network.parse().unwrap()).collect();
        Destinations::new(listed).allow(ip.parse().unwrap(), is_encrypted)
    }

    #[test]
    fn an_address_of_every_interface_is_not_internal() {
        let internal = |ip: &str| is_internal(ip.parse().unwrap());
        for ip in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.0.1",
            "100.64.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(internal(ip), "{ip}");
        }
        for ip in ["0.0.0.0", "::", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(!internal(ip), "{ip}");
        }
    }

    #[test]
    fn only_public_addresses_may_be_called() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "140.82.121.6",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001:80b::200e",
            "2001:200::1",
            "3fff:1000::1",
        ] {
            assert!(allows(&[], public, true), "{public}");
            assert!(!allows(&[], public, false), "{public} without encryption");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::a00:1",
            "64:ff9b::101:101",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:a00:1::",
            "2001:20::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "2002:101:101::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allows(&[], other, true), "{other}");
            assert!(!allows(&[], other, false), "{other} without encryption");
        }
    }

    #[test]
    fn without_encryption_only_this_machine_is_anywhere() {
        let anywhere = Destinations::anywhere_encrypted();
        for ip in ["127.0.0.1", "127.8.8.8", "::1", "10.0.0.1", "1.1.1.1", "fd00::1"] {
            let ip: IpAddr = ip.parse().unwrap();
            assert!(anywhere.allow(ip, true), "{ip}");
            assert_eq!(anywhere.allow(ip, false), ip.is_loopback(), "{ip} without encryption");
        }
    }

    #[test]
    fn a_listed_network_may_be_called_and_without_encryption_only_if_it_is_loopback() {
        let listed = ["10.1.0.0/16", "127.0.0.0/8", "::1/128", "64:ff9b::/96", "8.0.0.0/8"];
        for (ip, encrypted, plain) in [
            ("10.1.2.3", true, false),
            ("10.2.0.1", false, false),
            ("127.0.0.1", true, true),
            ("::1", true, true),
            ("::ffff:127.0.0.1", false, false),
            ("64:ff9b::101:101", true, false),
            ("8.8.8.8", true, false),
            ("169.254.169.254", false, false),
        ] {
            assert_eq!(allows(&listed, ip, true), encrypted, "{ip}");
            assert_eq!(allows(&listed, ip, false), plain, "{ip} without encryption");
        }
    }
}
