//! An account owner ends one session.

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::id::SessionId;
use crate::model::session::SignedIn;
use crate::store::{events, sessions};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    #[error("the acting session has ended itself")]
    NotAuthenticated,
    /// Also for a session of another account.
    #[error("the account has no such session")]
    NotFound,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RevokeError);

/// Ends the session `id` of the acting account.
///
/// # Errors
/// [`RevokeError::NotFound`] when the account has no such session, even if another account has.
pub async fn revoke_session(app: &App, acting: &SignedIn, id: SessionId, client: &Client) -> Result<(), RevokeError> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, acting, now).await? {
        return Err(RevokeError::NotAuthenticated);
    }
    let was_alive = sessions::end_one_of_user(&mut tx, acting.user_id, id, now).await?;
    if was_alive {
        let event = Event::by_owner(EventKind::SessionRevoked, acting.user_id, client, now).in_session(id);
        events::record(tx.conn(), &event.with("by", &acting.session_id.0)).await?;
    }
    // Also for a session that has expired: a clock that is set back must not revive it.
    tx.commit().await?;
    if !was_alive {
        return Err(RevokeError::NotFound);
    }
    telemetry::sessions_ended(Ended::Revoked, 1);
    Ok(())
}
