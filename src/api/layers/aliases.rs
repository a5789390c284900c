//! The paths that `useWebAuthn()` of nuxt-auth-utils calls by default stand for our own.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result};

use super::final_slash::with_path;

/// An alias and the path that it stands for, each with or without a final slash.
const ALIASES: [(&str, &str); 2] = [
    ("/api/webauthn/register", "/api/auth/webauthn/register"),
    ("/api/webauthn/authenticate", "/api/auth/webauthn/authenticate"),
];

/// Replaces an alias, so that the operation, its limits and its logs are the same.
pub async fn aliases<E>(next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let own = ALIASES.iter().find(|(alias, _)| *alias == path);
    if let Some(uri) = own.and_then(|(_, own)| with_path(request.uri(), own)) {
        *request.uri_mut() = uri;
    }
    Ok(next.get_response(request).await)
}
