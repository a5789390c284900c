//! Finds the client's address: that of the peer, or the one that a trusted proxy reports. Says on each refusal whom it
//! is for.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, FromRequest, Request, RequestBody, Response, Result};

use crate::app::refusals::RefusedClient;
use crate::model::client::Client;
use crate::model::client::proxy::{AddressForm, TrustedProxies};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const CLOUDFRONT_VIEWER_ADDRESS: HeaderName = HeaderName::from_static("cloudfront-viewer-address");

/// Where the client's address comes from.
#[derive(Debug, Clone, Default)]
pub struct ClientAddress {
    pub proxies: TrustedProxies,
    /// A header that the hosting platform sets and overwrites, such as `Fly-Client-IP`.
    pub header: Option<HeaderName>,
    /// Warnings that were written. One of each kind a start is enough: the next request would say the same.
    warned: Warned,
}

#[derive(Debug, Clone, Default)]
struct Warned {
    unlisted: OnceLock<()>,
    unreadable: OnceLock<()>,
}

pub async fn client<E>(address: Arc<ClientAddress>, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
    let ip = peer.map(|peer| address.of(peer, request.headers()));
    let text = |name| {
        let value = request.headers().get(name);
        value.map(|value| String::from_utf8_lossy(value.as_bytes()))
    };
    let (user_agent, language) = (text(header::USER_AGENT), text(header::ACCEPT_LANGUAGE));
    let client = Client::new(ip, user_agent.as_deref(), language.as_deref());
    request.extensions_mut().insert(client);
    let mut response = next.get_response(request).await;
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        let is_proxied = peer.is_some_and(|peer| address.believes(peer));
        response.set_data(RefusedClient { ip, is_proxied });
    }
    Ok(response)
}

impl ClientAddress {
    #[must_use]
    pub fn new(proxies: TrustedProxies, header: Option<HeaderName>) -> Self {
        Self {
            proxies,
            header,
            warned: Warned::default(),
        }
    }

    /// Whether headers of `peer` about its request are believed. Without a list, naming a header says that only the
    /// platform can connect.
    #[must_use]
    pub fn believes(&self, peer: IpAddr) -> bool {
        self.proxies.trust(peer) || (self.header.is_some() && self.proxies.is_empty())
    }

    /// The header that names the client's address.
    #[must_use]
    pub fn header_name(&self) -> &HeaderName {
        self.header.as_ref().unwrap_or(&X_FORWARDED_FOR)
    }

    /// The addresses in that header, the client's own claims first; `None` for one that can't be read.
    #[must_use]
    pub fn named(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = self.header_name();
        let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        TrustedProxies::named(&lines, form_of(name))
    }

    fn of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(self.header_name());
        let lines: Vec<_> = lines.iter().map(HeaderValue::as_bytes).collect();
        let client = match &self.header {
            Some(name) => self.proxies.client_by_header(peer, &lines, form_of(name)),
            None => self.proxies.client(peer, &lines),
        };
        // RFC 7239 has another header for the same, which we don't read.
        let is_other = self.header.is_none() && lines.is_empty() && headers.contains_key(header::FORWARDED);
        if is_other || !lines.is_empty() {
            let carried = match &self.header {
                Some(name) => name.as_str(),
                None if is_other => "Forwarded",
                None => "X-Forwarded-For",
            };
            self.warn(peer, carried, self.believes(peer), is_other || client.is_unreadable);
        }
        client.ip
    }

    fn warn(&self, peer: IpAddr, carried: &str, is_believed: bool, is_unreadable: bool) {
        if !is_believed {
            self.warned.unlisted.get_or_init(|| {
                tracing::warn!(
                    "a request from {peer} carries {carried}; it is not believed; if this is your proxy, set \
                     NEPTUN_AUTH_TRUSTED_PROXIES to its address, or all its clients share the limits of one network"
                );
            });
        } else if is_unreadable {
            self.warned.unreadable.get_or_init(|| {
                tracing::warn!(
                    "the trusted proxy at {peer} sends {carried} that names no address we can read, so all its \
                     clients share the limits of one network; let it send the client's address in X-Forwarded-For, or \
                     set NEPTUN_AUTH_CLIENT_IP_HEADER to the header that has it"
                );
            });
        }
    }
}

fn form_of(header: &HeaderName) -> AddressForm {
    if *header == CLOUDFRONT_VIEWER_ADDRESS {
        AddressForm::WithPort
    } else {
        AddressForm::Any
    }
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
    use std::net::SocketAddr;

    use poem::endpoint::make;
    use poem::http::{self, uri::Scheme};
    use poem::web::{LocalAddr, RemoteAddr};
    use poem::{Body, EndpointExt, IntoResponse, RequestParts};

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
        let any_peer = ClientAddress::new(TrustedProxies::default(), header.clone());
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
        let twice = [("fly-client-ip", "198.51.100.7"), ("fly-client-ip", "198.51.100.8")];
        assert_eq!(seen(&any_peer, "172.16.0.1", &twice), "172.16.0.1");
        assert_eq!(
            seen(&any_peer, "172.16.0.1", &[("fly-client-ip", "[2001:db8::1]:443")]),
            "2001:db8::1"
        );
        let cloudfront = Some(HeaderName::from_static("cloudfront-viewer-address"));
        let cloudfront = ClientAddress::new(TrustedProxies::default(), cloudfront);
        for (value, expected) in [
            ("198.51.100.7:46532", "198.51.100.7"),
            ("2001:db8::1:443", "2001:db8::1"),
        ] {
            let named = [("cloudfront-viewer-address", value)];
            assert_eq!(seen(&cloudfront, "172.16.0.1", &named), expected);
        }
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let listed = ClientAddress::new(proxies, header);
        assert_eq!(
            seen(&listed, "203.0.113.9", &[("fly-client-ip", "198.51.100.7")]),
            "203.0.113.9"
        );
        assert_eq!(
            seen(&listed, "10.1.1.1", &[("fly-client-ip", "198.51.100.7")]),
            "198.51.100.7"
        );
    }

    #[tokio::test]
    async fn a_refusal_says_for_whom_it_is_and_whether_a_proxy_brought_it() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let address = Arc::new(ClientAddress::new(proxies, None));
        let refusing = make(|_| async { StatusCode::TOO_MANY_REQUESTS.into_response() })
            .around(move |next, request| client(Arc::clone(&address), next, request));
        for (peer, ip, is_proxied) in [
            ("10.1.1.1", "198.51.100.7", true),
            ("203.0.113.9", "203.0.113.9", false),
        ] {
            let request = http::Request::get("/")
                .header(&X_FORWARDED_FOR, "198.51.100.7")
                .body(());
            let (head, ()) = request.unwrap().into_parts();
            let peer = RemoteAddr(SocketAddr::new(peer.parse().unwrap(), 1).into());
            let parts = RequestParts::from((head, LocalAddr::default(), peer, Scheme::HTTP));
            let refusal = refusing.call(Request::from_parts(parts, Body::empty())).await.unwrap();
            let refused = refusal.data::<RefusedClient>().unwrap();
            assert_eq!(
                (refused.ip, refused.is_proxied),
                (Some(ip.parse().unwrap()), is_proxied)
            );
        }
    }
}
