//! Finds the client's address: that of the peer, or the one that a trusted proxy reports.

use std::net::IpAddr;
use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, header};
use poem::{Endpoint, FromRequest, Request, RequestBody, Response, Result};

use crate::model::client::Client;
use crate::model::client::proxy::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where the client's address comes from.
#[derive(Debug, Clone, Default)]
pub struct ClientAddress {
    pub proxies: TrustedProxies,
    /// A header that the hosting platform sets and overwrites, such as `Fly-Client-IP`.
    pub header: Option<HeaderName>,
}

pub async fn client<E>(address: Arc<ClientAddress>, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
    let ip = peer.map(|peer| address.of(peer, request.headers()));
    let text = |name| texts(request.headers(), name).next();
    let client = Client::new(ip, text(&header::USER_AGENT), text(&header::ACCEPT_LANGUAGE));
    request.extensions_mut().insert(client);
    Ok(next.get_response(request).await)
}

impl ClientAddress {
    fn of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let Some(name) = &self.header else {
            let forwarded_for: Vec<_> = texts(headers, &X_FORWARDED_FOR).collect();
            return self.proxies.client(peer, &forwarded_for);
        };
        // Listed proxies are the only trusted peers. Without a list every peer is trusted: by setting the header, the
        // operator states that only the platform can connect.
        let is_trusted = self.proxies.is_empty() || self.proxies.trust(peer);
        let mut named = texts(headers, name).filter_map(|text| text.trim().parse::<IpAddr>().ok());
        match (is_trusted, named.next(), named.next()) {
            (true, Some(address), None) => address.to_canonical(),
            _ => peer.to_canonical(),
        }
    }
}

fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
}

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(request
            .extensions()
            .get()
            .cloned()
            .expect("the client layer surrounds every operation"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(address: &ClientAddress, peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        address.of(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn headers_are_ignored_unless_configured() {
        let address = ClientAddress::default();
        for name in [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "fly-client-ip",
            "cf-connecting-ip",
        ] {
            assert_eq!(
                seen(&address, "203.0.113.9", &[(name, "1.2.3.4")]),
                "203.0.113.9",
                "{name}"
            );
        }
    }

    #[test]
    fn a_configured_header_counts_if_sent_once_and_by_a_listed_proxy() {
        let header = Some(HeaderName::from_static("fly-client-ip"));
        let any_peer = ClientAddress {
            header: header.clone(),
            ..Default::default()
        };
        assert_eq!(
            seen(&any_peer, "172.16.0.1", &[("fly-client-ip", "198.51.100.7")]),
            "198.51.100.7"
        );
        assert_eq!(
            seen(&any_peer, "172.16.0.1", &[("fly-client-ip", "nonsense")]),
            "172.16.0.1"
        );
        assert_eq!(
            seen(&any_peer, "172.16.0.1", &[("x-forwarded-for", "198.51.100.7")]),
            "172.16.0.1"
        );
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let listed = ClientAddress { header, proxies };
        assert_eq!(
            seen(&listed, "203.0.113.9", &[("fly-client-ip", "198.51.100.7")]),
            "203.0.113.9"
        );
        assert_eq!(
            seen(&listed, "10.1.1.1", &[("fly-client-ip", "198.51.100.7")]),
            "198.51.100.7"
        );
    }
}
