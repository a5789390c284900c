//! A page with a session cookie gets a short-lived token for other services.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::session::SignedIn;

#[derive(Debug, thiserror::Error)]
pub enum MintError {
    #[error("the audience is not among the configured ones")]
    UnknownAudience,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// An access token for the cookie's session, and when it expires. With the name of an `audience` it opens that service
/// only; without one it opens this service and all that do not look at the audience.
pub async fn mint_access_token(
    app: &App,
    signed_in: &SignedIn,
    audience: Option<&str>,
) -> Result<(String, DateTime<Utc>), MintError> {
    let audience = match audience {
        Some(name) => Some(app.tokens.audience(name).ok_or(MintError::UnknownAudience)?),
        None => None,
    };
    app.require_verified(signed_in.email_verified)?;
    Ok(app.tokens.access(signed_in, audience, app.clock.now())?)
}
