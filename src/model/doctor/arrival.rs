//! What a running instance says about a request of doctor's in which doctor claimed another address than its own.

use serde::Deserialize;

use super::Finding;

/// The address that doctor claims. It is for documentation (RFC 5737), so no client has it.
pub const CLAIMED: &str = "192.0.2.77";

const ID: &str = "live.client-address";

/// How the request reached the instance.
#[derive(Debug, Clone, Deserialize)]
pub struct Arrival {
    /// The address at the other end of the connection.
    pub peer: String,
    pub peer_is_trusted: bool,
    /// The address that counts as the client's.
    pub client: String,
    /// The header that the instance looks at, in which doctor has sent [`CLAIMED`].
    pub header: String,
    /// The addresses in it as they arrived.
    pub named: Vec<String>,
}

impl Arrival {
    /// Whether clients are told apart, and none chooses its own address. `is_encrypted` tells that a proxy must be in
    /// front, because the service speaks no TLS.
    #[must_use]
    pub fn finding(&self, is_encrypted: bool) -> Finding {
        if !self.peer_is_trusted {
            return self.by_untrusted_peer(is_encrypted);
        }
        match self.named.last().map(String::as_str) {
            Some(CLAIMED) if self.client == CLAIMED => self.passed_on(),
            _ if self.client == CLAIMED => self.seen_from_a_trusted_network(),
            Some(_) if self.named.contains(&self.client) => {
                let says = format!("the proxy at {} names its clients, and not what they claim", self.peer);
                Finding::ok(ID, says).with(format!("seen from here: {}", self.client))
            }
            _ => self.unnamed(),
        }
    }

    fn by_untrusted_peer(&self, is_encrypted: bool) -> Finding {
        if !is_encrypted && self.named == [CLAIMED] {
            let says = format!(
                "no proxy is seen in front, and {} of clients is not believed",
                self.header
            );
            return Finding::ok(ID, says);
        }
        let says = format!(
            "a proxy at {} is in front, and TRUSTED_PROXIES does not list it: all clients count as one, so that one of \
             them uses up the limits of all, and the audit log shows the proxy only; add it if it is yours",
            self.peer
        );
        Finding::warn(ID, says).of("TRUSTED_PROXIES", &self.peer)
    }

    fn passed_on(&self) -> Finding {
        let says = format!(
            "the trusted proxy at {} passes on what a client writes into {}: each client chooses its own address, so \
             limits do not hold and the audit log can be forged; let the proxy overwrite the header, or append the \
             client's address to it",
            self.peer, self.header
        );
        let is_usual = self.header.eq_ignore_ascii_case("x-forwarded-for");
        let setting = if is_usual {
            "TRUSTED_PROXIES"
        } else {
            "CLIENT_IP_HEADER"
        };
        let value = if is_usual { &self.peer } else { &self.header };
        Finding::fail(ID, says).of(setting, value)
    }

    /// What a proxy appended is trusted too: it may be this machine, or another proxy that appends nothing.
    fn seen_from_a_trusted_network(&self) -> Finding {
        let appended = self.named.last().map_or("", String::as_str);
        let says = format!(
            "doctor could choose its address, because TRUSTED_PROXIES lists {appended}: if that is the machine on \
             which doctor runs, ask from another one; if it is a proxy, it passes on what clients write into {}",
            self.header
        );
        Finding::warn(ID, says).of("TRUSTED_PROXIES", appended)
    }

    fn unnamed(&self) -> Finding {
        let says = format!(
            "the trusted proxy at {} names no client in {}, or more than one: all clients count as one, so that one of \
             them uses up the limits of all; let it send the client's address, or set CLIENT_IP_HEADER to the header \
             that has it",
            self.peer, self.header
        );
        Finding::warn(ID, says).about("CLIENT_IP_HEADER")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_tls_a_peer_that_is_not_trusted_is_a_proxy_even_if_it_passes_everything_on() {
        let arrival = Arrival {
            peer: "10.0.0.5".to_owned(),
            peer_is_trusted: false,
            client: "10.0.0.5".to_owned(),
            header: "x-forwarded-for".to_owned(),
            named: vec![CLAIMED.to_owned()],
        };
        assert_eq!(arrival.finding(false).level.as_str(), "ok");
        let behind_tls = arrival.finding(true);
        assert_eq!(behind_tls.level.as_str(), "warn");
        assert_eq!(behind_tls.value.as_deref(), Some("10.0.0.5"));
    }
}
