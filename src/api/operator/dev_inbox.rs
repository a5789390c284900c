//! `/dev/inbox`: the mails of a service without an SMTP server, for the developer who runs it on their own machine.

use std::net::IpAddr;

use poem::http::header;
use poem::{Request, Response, Result};

use super::pages::Pages;
use crate::api::error::{ApiError, ErrorCode};
use crate::app::App;

/// It takes GET.
pub const PATH: &str = "/dev/inbox";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const FORWARDING: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// The inbox, where there is one; elsewhere the page does not exist.
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

/// Whether the request comes from this machine and names it so: a page on another host whose name was pointed here
/// afterwards sends that name.
fn is_local(request: &Request) -> bool {
    let peer = request.remote_addr().as_socket_addr();
    let host = request.header(header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_local_name = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    // A proxy on this machine asks for somebody elsewhere.
    let is_forwarded = FORWARDING.iter().any(|name| request.headers().contains_key(*name));
    peer.is_some_and(|peer| peer.ip().is_loopback()) && is_local_name && !is_forwarded
}
