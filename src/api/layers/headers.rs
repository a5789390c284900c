//! The headers that every response carries, unless its handler has set a better-fitting one.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Endpoint, Request, Response, Result};

/// Nothing here is to be run, framed, guessed at or kept by a browser or a cache.
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
/// Two years, as browsers' preload lists ask for (OWASP ASVS v5.0.0-3.4.1).
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// `https`: whether browsers reach the service that way.
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
