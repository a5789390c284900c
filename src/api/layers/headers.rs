//! Default headers of every response. A handler can set its own value instead.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Endpoint, Request, Response, Result};

/// Browsers must not run, frame or sniff a response, and neither browsers nor caches may store it.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];
/// Two years, which browsers' preload lists require (OWASP ASVS v5.0.0-3.4.1).
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Adds the default headers. HSTS is added only if browsers reach the service by https.
pub async fn headers<E>(https: bool, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let mut response = next.get_response(request).await;
    for (name, value) in ALWAYS {
        set_default(response.headers_mut(), name, value);
    }
    if https {
        set_default(response.headers_mut(), header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    Ok(response)
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
