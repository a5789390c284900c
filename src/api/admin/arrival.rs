//! How a request reached the instance, for operators who look for a proxy that is not set up right.

use poem::Request;
use poem_openapi::Object;

use crate::api::formats::Nullable;
use crate::api::layers::client::ClientAddress;
use crate::model::client::Client;

/// How your request reached the instance: which proxy brought it, and whose address counts as the client's.
#[derive(Debug, Object)]
pub struct AdminArrival {
    /// The address at the other end of the connection: that of your proxy, if there is one in front.
    peer: Nullable<String>,
    /// Whether the service believes this peer about its clients.
    peer_is_trusted: bool,
    /// The address that limits and the audit log take for the client's.
    client: Nullable<String>,
    /// The header in which the service looks for the client's address.
    header: String,
    /// The addresses in that header as they arrived, at most the last 32; `unreadable` for each one that is none.
    named: Vec<String>,
}

impl AdminArrival {
    pub fn of(address: &ClientAddress, client: &Client, request: &Request) -> Self {
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let named = address.named(request.headers()).into_iter();
        Self {
            peer: Nullable(peer.map(|ip| ip.to_canonical().to_string())),
            peer_is_trusted: peer.is_some_and(|ip| address.believes(ip)),
            client: Nullable(client.ip.map(|ip| ip.to_string())),
            header: address.header_name().to_string(),
            named: named
                .map(|ip| ip.map_or_else(|| "unreadable".to_owned(), |ip| ip.to_string()))
                .collect(),
        }
    }

    pub fn example() -> Self {
        Self {
            peer: Nullable(Some("172.30.7.10".to_owned())),
            peer_is_trusted: true,
            client: Nullable(Some("203.0.113.7".to_owned())),
            header: "x-forwarded-for".to_owned(),
            named: vec!["203.0.113.7".to_owned()],
        }
    }
}
