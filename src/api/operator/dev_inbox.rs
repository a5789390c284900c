//! `/dev/inbox/{key}`: the mails of a service without an SMTP server, for developers on their own machine. The start
//! prints the URL with its key.

use std::net::IpAddr;

use poem::http::{Uri, header};
use poem::{Request, Response, Result};
use sha2::{Digest, Sha256};

use crate::api::error::{ApiError, ErrorCode};
use crate::api::pages::routes::{Routes, script_hash};
use crate::app::App;
use crate::app::mail::inbox;

/// The path of the inbox; it takes GET.
pub const PATH: &str = "/dev/inbox/:key";

const FORWARDING: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// The inbox page if the mailer has an inbox; otherwise no page.
#[must_use]
pub fn routes(app: &App) -> Routes {
    let Some(key) = app.mailer.inbox_key() else {
        return Routes::default();
    };
    let (app, key) = (app.clone(), Sha256::digest(key));
    let policy = content_security_policy();
    Routes::default().get((PATH, move |request: &Request| {
        // Comparing hashes keeps the time of the comparison from telling anything about the key.
        let is_right = Sha256::digest(request.raw_path_param("key").unwrap_or_default()) == key;
        dev_inbox(&app, is_right && is_local(request), &policy)
    }))
}

fn dev_inbox(app: &App, may_read: bool, policy: &str) -> Result<Response> {
    match app.mailer.inbox_page().filter(|_| may_read) {
        Some(page) => Ok(Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, policy)
            .header(header::CACHE_CONTROL, "no-store")
            .body(page.map_err(ApiError::from)?)),
        None => Err(ApiError::from(ErrorCode::NotFound).into()),
    }
}

/// Allows the page's own script, which asks for the page again to show new mails. Mails can't run any.
fn content_security_policy() -> String {
    format!(
        "default-src 'none'; script-src {}; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        script_hash(inbox::SCRIPT)
    )
}

/// Whether the request comes from this machine, addresses it by a local name, and was not sent by a page of another
/// machine. The name protects against DNS rebinding: a foreign page whose host name was pointed at this machine sends
/// that host name.
fn is_local(request: &Request) -> bool {
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
