//! A client exchanges its refresh token for the next pair.

use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::session::{SignedIn, StoredSession};
use crate::model::token::{Rotation, TokenPair};
use crate::store::sessions;
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not ours, expired, its session over, or used before.
    #[error("the refresh token is not good")]
    NotValid,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RefreshError);

/// The pair that follows `token`. Using a token again shortly after gives the same refresh token again, so that clients
/// that refresh at the same moment all stay signed in; using an older one ends the session, because somebody else may
/// have it (RFC 9700, 4.14.2).
///
/// # Errors
/// [`RefreshError::NotValid`].
pub async fn refresh_tokens(app: &App, token: &str, client: &Client) -> Result<TokenPair, RefreshError> {
    let shown_at = app.clock.now();
    let Some((claims, generation)) = app.tokens.check_refresh(token, shown_at) else {
        app.limits.allow(Operation::Refresh, client)?;
        return Err(RefreshError::NotValid);
    };
    // Apart from those who send garbage, so that they can't keep anybody from refreshing.
    app.limits.allow_refresh(claims.sid)?;

    let mut tx = app.db.write().await?;
    sessions::lock(tx.conn(), claims.sid).await?;
    // Only now: time spent waiting for the lock must not count against the client's grace.
    let now = app.clock.now();
    let signed_in = sessions::by_id(tx.conn(), claims.sid, now)
        .await?
        .as_ref()
        .and_then(StoredSession::signed_in);
    let signed_in: SignedIn = signed_in.ok_or(RefreshError::NotValid)?;
    app.admit(signed_in.email_verified)?;
    let rotated = sessions::rotate(tx.conn(), claims.sid, generation, now).await?;
    let rotation: Rotation = sessions::rotation(tx.conn(), claims.sid)
        .await?
        .ok_or(RefreshError::NotValid)?;
    let reused = !rotated && !rotation.accepts_previous(generation, now);
    if reused {
        sessions::end_by_id(&mut tx, claims.sid, now).await?;
    }
    tx.commit().await?;
    if reused {
        telemetry::security_event("refresh_token_reused", claims.sid.0);
        telemetry::sessions_ended(Ended::TokenReused, 1);
        return Err(RefreshError::NotValid);
    }
    Ok(app.tokens.pair(&signed_in, rotation, now)?)
}
