//! Lets the path of every operation end with a slash: clients of Django REST write it, and some proxies add it.

use std::sync::Arc;

use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::{Endpoint, Request, Response, Result};

use super::errors::Paths;
use super::forward_auth::VERIFY;

/// Removes the final slash of a path, if `operations` know the path without it. Of `/api/auth/verify/…` a proxy means
/// everything that follows, so that path stays as it is.
pub async fn final_slash<E>(operations: Arc<Paths>, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let path = request.uri().path().strip_suffix('/');
    let path = path.filter(|path| *path != VERIFY && operations.know(path));
    if let Some(shorter) = path.and_then(|path| with_path(request.uri(), path)) {
        *request.uri_mut() = shorter;
    }
    Ok(next.get_response(request).await)
}

/// The same address with another path.
pub(super) fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}
