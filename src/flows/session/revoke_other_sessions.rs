//! An account owner ends all sessions but the acting one.

use super::revoke_session::RevokeError;
use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::session::SignedIn;
use crate::store::{events, sessions};
use crate::telemetry::{self, Ended};

/// Ends every session of the account but the acting one; returns how many there were.
pub async fn revoke_other_sessions(app: &App, acting: &SignedIn, client: &Client) -> Result<u64, RevokeError> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, acting, now).await? {
        return Err(RevokeError::NotAuthenticated);
    }
    let revoked = sessions::end_others_of_user(&mut tx, acting.user_id, acting.session_id, now).await?;
    if revoked > 0 {
        let event = Event::by_owner(EventKind::SessionRevoked, acting.user_id, client, now);
        events::record(tx.conn(), &event.in_session(acting.session_id).with("others", &revoked)).await?;
    }
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Revoked, revoked);
    Ok(revoked)
}
