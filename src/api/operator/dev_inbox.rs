//! `/dev/inbox`: the mails of a service without an SMTP server, for developers on their own machine.

use std::net::IpAddr;

use poem::http::header;
use poem::{Request, Response, Result};

use super::pages::Pages;
use crate::api::error::{ApiError, ErrorCode};
use crate::app::App;

/// The path of the inbox; it takes GET.
pub const PATH: &str = "/dev/inbox";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const FORWARDING: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// The inbox page if the mailer has an inbox; otherwise no page.
#[must_use]
pub fn pages(app: &App) -> Pages {
    if !app.mailer.has_inbox() {
        return Pages::default();
    }
    let app = app.clone();
    Pages::default().get((PATH, move |request: &Request| dev_inbox(&app, request)))
}

fn dev_inbox(app: &App, request: &Request) -> Result<Response> {
    match app.mailer.inbox_page().filter(|_| is_local(request)) {
        Some(page) => Ok(Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::CACHE_CONTROL, "no-store")
            .body(page.map_err(ApiError::from)?)),
        None => Err(ApiError::from(ErrorCode::NotFound).into()),
    }
}

/// Whether the request comes from this machine and addresses it by a local name. The name protects against DNS
/// rebinding: a foreign page whose host name was pointed at this machine sends that host name.
fn is_local(request: &Request) -> bool {
    let peer = request.remote_addr().as_socket_addr();
    let host = request.header(header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_local_name = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    // A proxy on this machine forwards requests from other machines.
    let is_forwarded = FORWARDING.iter().any(|name| request.headers().contains_key(*name));
    peer.is_some_and(|peer| peer.ip().is_loopback()) && is_local_name && !is_forwarded
}
