//! A page with a session cookie gets a short-lived token for other services.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::session::SignedIn;

/// An access token for the cookie's session, and when it expires.
pub async fn mint_access_token(app: &App, signed_in: &SignedIn) -> anyhow::Result<(String, DateTime<Utc>)> {
    app.require_verified(signed_in.email_verified)?;
    app.tokens.access(signed_in, app.clock.now())
}
