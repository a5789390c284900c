//! Which proxies are believed when they name a client's address, and how they write it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The networks of the proxies in front of the service. Without any, the address of the connection counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
}

/// Where a request comes from, as far as trusted proxies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp {
    pub ip: IpAddr,
    /// Whether a trusted proxy reported a hop that can't be read, so that `ip` is the proxy's own.
    pub is_unreadable: bool,
}

impl ClientIp {
    fn known(ip: IpAddr) -> Self {
        Self {
            ip,
            is_unreadable: false,
        }
    }
}

impl TrustedProxies {
    /// Most hops that are read; each further proxy would have to be ours too.
    const MAX_HOPS: usize = 32;

    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks }
    }

    /// Whether no proxy is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Whether headers of `peer` about its client are believed.
    #[must_use]
    pub fn trust(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.networks.iter().any(|network| network.contains(&peer))
    }

    /// The client behind `peer`: reading the `X-Forwarded-For` lines from their right end, the first hop that is not a
    /// trusted proxy. A hop that is not an address ends the search at the proxy that reported it, so garbage can't
    /// choose an address. What stands left of the client's own hop is the client's text and is not looked at.
    #[must_use]
    pub fn client(&self, peer: IpAddr, forwarded_for: &[&[u8]]) -> ClientIp {
        let mut client = peer.to_canonical();
        for hop in hops(forwarded_for).take(Self::MAX_HOPS) {
            if !self.trust(client) {
                break;
            }
            let Some(address) = address(hop, AddressForm::Any) else {
                return ClientIp {
                    ip: client,
                    is_unreadable: true,
                };
            };
            client = address;
        }
        ClientIp::known(client)
    }

    /// The addresses in the `lines` of a header, at most the last 32; `None` for one that can't be read.
    #[must_use]
    pub fn named(lines: &[&[u8]], form: AddressForm) -> Vec<Option<IpAddr>> {
        let read = hops(lines).take(Self::MAX_HOPS).map(|hop| address(hop, form));
        let mut named: Vec<_> = read.collect();
        named.reverse();
        named
    }

    /// The client behind `peer`, from the `lines` of a header that the platform in front sets and overwrites. Listed
    /// proxies are the only trusted peers. Without a list every peer is trusted: by naming the header, the operator
    /// states that only the platform can connect.
    #[must_use]
    pub fn client_by_header(&self, peer: IpAddr, lines: &[&[u8]], form: AddressForm) -> ClientIp {
        let peer = peer.to_canonical();
        if lines.is_empty() || !(self.is_empty() || self.trust(peer)) {
            return ClientIp::known(peer);
        }
        let named = match lines {
            [line] => address(line.trim_ascii(), form),
            // The platform would have overwritten the client's line.
            _ => None,
        };
        ClientIp {
            ip: named.unwrap_or(peer),
            is_unreadable: named.is_none(),
        }
    }
}

/// What the `lines` name, from their right end.
fn hops<'a>(lines: &[&'a [u8]]) -> impl Iterator<Item = &'a [u8]> {
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    // A list may have empty elements (RFC 9110, 5.6.1), such as after a last comma.
    hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty())
}

/// How a header writes an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressForm {
    /// With a port or without.
    Any,
    /// Always with a port, and an IPv6 address without brackets, so that `2001:db8::1:443` is `2001:db8::1`. Amazon
    /// `CloudFront` writes its `CloudFront-Viewer-Address` like that.
    WithPort,
}

/// Longest way to write an address: an IPv6 address that ends like an IPv4 one, in brackets, with a port.
const LONGEST_ADDRESS: usize = 53;

/// Reads an address in the ways in which proxies write it: `203.0.113.7`, `203.0.113.7:51234`, `2001:db8::1`,
/// `[2001:db8::1]`, `[2001:db8::1]:443`, and eight groups with a port as the ninth.
fn address(hop: &[u8], form: AddressForm) -> Option<IpAddr> {
    if hop.len() > LONGEST_ADDRESS {
        return None;
    }
    let hop = std::str::from_utf8(hop).ok()?;
    let bare = |text: &str| text.parse::<IpAddr>().ok();
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let before_port = || {
        let (address, port) = hop.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        bare(address)
    };
    let with_port = || {
        hop.parse::<SocketAddr>()
            .ok()
            .map(|address| address.ip())
            .or_else(before_port)
    };
    let address = match form {
        AddressForm::Any => bare(hop).or_else(with_port).or_else(|| bracketed().map(IpAddr::V6)),
        AddressForm::WithPort => with_port().or_else(|| bare(hop)),
    };
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(peer: &str, lines: &[&[u8]]) -> ClientIp {
        let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        TrustedProxies::new(networks.into()).client(peer.parse().unwrap(), lines)
    }

    fn client(peer: &str, lines: &[&str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        read(peer, &lines).ip.to_string()
    }

    #[test]
    fn headers_of_an_untrusted_peer_are_ignored() {
        assert_eq!(client("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client("10.0.0.1", &["1.2.3.4", "198.51.100.7", "10.0.0.2, 10.0.0.3:80"]),
            "198.51.100.7"
        );
        assert_eq!(client("::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn ports_brackets_and_empty_elements_are_understood() {
        for (line, expected) in [
            ("203.0.113.7:51234", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8:0:0:0:0:0:1:51234", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
            ("203.0.113.7,", "203.0.113.7"),
            ("203.0.113.7 , ,\t", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7:1, 10.0.0.2:65535", "203.0.113.7"),
        ] {
            assert_eq!(client("10.0.0.1", &[line]), expected, "{line}");
            assert_eq!(client("10.0.0.1", &["1.2.3.4", line]), expected, "{line}");
        }
    }

    #[test]
    fn what_stands_left_of_the_client_may_be_anything() {
        let left = [
            b"\xff\xfe, caf\xc3\xa9, \"quoted, text\", ".as_slice(),
            b"203.0.113.7:51234",
        ]
        .concat();
        let expected = ClientIp::known("203.0.113.7".parse().unwrap());
        assert_eq!(read("10.0.0.1", &[&left]), expected);
        assert_eq!(read("10.0.0.1", &[b"\x80\x81", b"203.0.113.7"]), expected);
        assert_eq!(
            read("10.0.0.1", &["9".repeat(60_000).as_bytes(), b"203.0.113.7"]),
            expected
        );
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_search_and_is_told() {
        for line in [
            b"1.2.3.4, unknown".as_slice(),
            b"1.2.3.4, _hidden",
            b"203.0.113.7:",
            b"203.0.113.7:65536",
            b"203.0.113.7:-1",
            b"[2001:db8::1",
            b"2001:db8::1]",
            b"[203.0.113.7]",
            b"1.2.3.4, \xff",
            b"for=203.0.113.7",
        ] {
            let read = read("10.0.0.1", &[line]);
            assert_eq!(
                (read.ip.to_string().as_str(), read.is_unreadable),
                ("10.0.0.1", true),
                "{line:?}"
            );
        }
        for lines in [&[][..], &[b"".as_slice()], &[b" , ,".as_slice()]] {
            assert_eq!(read("10.0.0.1", lines), ClientIp::known("10.0.0.1".parse().unwrap()));
        }
    }

    #[test]
    fn hops_beyond_the_bound_are_not_read() {
        let line = format!("203.0.113.7{}", ", 10.0.0.2".repeat(TrustedProxies::MAX_HOPS));
        assert_eq!(client("10.0.0.1", &[&line]), "10.0.0.2");
        let named = TrustedProxies::named(&[line.as_bytes()], AddressForm::Any);
        assert_eq!(
            named,
            [Some("10.0.0.2".parse::<IpAddr>().unwrap()); TrustedProxies::MAX_HOPS]
        );
        let line = format!("203.0.113.7{}", ", 10.0.0.2".repeat(TrustedProxies::MAX_HOPS - 1));
        assert_eq!(client("10.0.0.1", &[&line]), "203.0.113.7");
        let named = TrustedProxies::named(&[b"1.2.3.4, \xff", b"203.0.113.7:80,"], AddressForm::Any);
        let known = ["1.2.3.4", "203.0.113.7"].map(|ip| Some(ip.parse::<IpAddr>().unwrap()));
        assert_eq!(named, [known[0], None, known[1]]);
    }

    #[test]
    fn a_header_that_always_has_a_port_is_read_with_it() {
        let read = |line: &str, form| {
            let read =
                TrustedProxies::default().client_by_header("10.0.0.1".parse().unwrap(), &[line.as_bytes()], form);
            read.ip.to_string()
        };
        for (line, expected) in [
            ("198.51.100.10:46532", "198.51.100.10"),
            ("2001:db8::1:443", "2001:db8::1"),
            ("2001:db8:1:2:3:4:5:6:46532", "2001:db8:1:2:3:4:5:6"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("198.51.100.10", "198.51.100.10"),
        ] {
            assert_eq!(read(line, AddressForm::WithPort), expected, "{line}");
        }
        assert_eq!(read("2001:db8::1:443", AddressForm::Any), "2001:db8::1:443");
    }
}
