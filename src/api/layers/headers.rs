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
/// Adds the default headers, and `Strict-Transport-Security` with the value `hsts`.
pub async fn headers<E>(hsts: Option<HeaderValue>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let mut response = next.get_response(request).await;
    for (name, value) in ALWAYS {
        set_default(response.headers_mut(), name, HeaderValue::from_static(value));
    }
    if let Some(hsts) = hsts {
        set_default(response.headers_mut(), header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    Ok(response)
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}
