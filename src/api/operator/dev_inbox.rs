//! `/dev/inbox`: the mails of a service without an SMTP server, for the developer who runs it on their own machine.

use std::net::IpAddr;
use std::sync::Arc;

use poem::http::{Method, header};
use poem::{Endpoint, Request, Response, Result};

use crate::api::error::ApiError;
use crate::app::App;

const PATH: &str = "/dev/inbox";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const FORWARDING: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Answers requests for the inbox where there is one, and passes all others on, so that elsewhere the page does not exist.
pub async fn dev_inbox<E>(app: App, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let is_asked_for = request.uri().path() == PATH && request.method() == Method::GET && is_local(&request);
    match app.mailer.inbox_page().filter(|_| is_asked_for) {
        Some(page) => Ok(Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::CACHE_CONTROL, "no-store")
            .body(page.map_err(ApiError::from)?)),
        None => next.call(request).await,
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
