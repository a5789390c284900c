//! A client exchanges its refresh token for the next pair.

use crate::app::App;
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::limit::Operation;
use crate::model::session::{SignedIn, StoredSession};
use crate::model::token::{Rotation, TokenPair};
use crate::store::{events, sessions};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is not ours, expired, used before, or its session is over.
    #[error("the refresh token is not valid")]
    NotValid,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RefreshError);

/// The pair that follows `token`. The previous token, used again within the grace period, gives the same successor, so
/// that clients that refresh at the same moment all stay signed in. An older token ends the session, because it may
/// have been stolen (RFC 9700, 4.14.2).
///
/// # Errors
/// [`RefreshError::NotValid`].
pub async fn refresh_tokens(app: &App, token: &str, client: &Client) -> Result<TokenPair, RefreshError> {
    let shown_at = app.clock.now();
    let Some((claims, generation)) = app.tokens.check_refresh(token, shown_at) else {
        app.limits.allow_network(Operation::Refresh, client)?;
        return Err(RefreshError::NotValid);
    };
    // Counted for each session, so that clients that send garbage can't keep others from refreshing.
    app.limits.allow_refresh(claims.sid)?;

    let mut tx = app.db.write().await?;
    sessions::lock(&mut tx, claims.sid).await?;
    // Read the clock only now: time spent waiting for the lock must not count against the client's grace period.
    let now = app.clock.now();
    let signed_in = sessions::by_id(tx.conn(), claims.sid, now)
        .await?
        .as_ref()
        .and_then(StoredSession::signed_in);
    let signed_in: SignedIn = signed_in.ok_or(RefreshError::NotValid)?;
    app.require_verified(signed_in.email_verified)?;
    let rotated = sessions::rotate(tx.conn(), claims.sid, generation, now).await?;
    let rotation: Rotation = sessions::rotation(tx.conn(), claims.sid)
        .await?
        .ok_or(RefreshError::NotValid)?;
    let reused = !rotated && !rotation.accepts_previous(generation, now);
    if reused {
        sessions::end_by_id(&mut tx, claims.sid, now).await?;
        let event = Event::by_owner(EventKind::TokenReuseDetected, signed_in.user_id, client, now);
        events::record(tx.conn(), &event.in_session(claims.sid)).await?;
    }
    tx.commit().await?;
    if reused {
        telemetry::security_event("refresh_token_reused", claims.sid.0);
        telemetry::sessions_ended(Ended::TokenReused, 1);
        return Err(RefreshError::NotValid);
    }
    Ok(app.tokens.pair(&signed_in, rotation, now)?)
}
