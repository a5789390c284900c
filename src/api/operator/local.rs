//! Whether a request comes from the machine itself.

use std::net::IpAddr;

use poem::Request;
use poem::http::{Uri, header};

const FORWARDING: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Whether the request comes from this machine, addresses it by a local name, and was not sent by a page of another
/// machine. The name protects against DNS rebinding: a foreign page whose host name was pointed at this machine sends
/// that host name.
pub fn is_local(request: &Request) -> bool {
    let peer = request.remote_addr().as_socket_addr();
    // A proxy on this machine forwards requests from other machines.
    let is_forwarded = FORWARDING.iter().any(|name| request.headers().contains_key(*name));
    let host = request.header(header::HOST).unwrap_or_default();
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let is_local_origin = origins.all(|origin| {
        let origin = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
        origin.is_some_and(|origin| {
            origin
                .authority()
                .is_some_and(|authority| is_local_host(authority.as_str()))
        })
    });
    peer.is_some_and(|peer| peer.ip().is_loopback()) && is_local_host(host) && is_local_origin && !is_forwarded
}

/// Whether a host, with or without a port, is a name of this machine.
fn is_local_host(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}
