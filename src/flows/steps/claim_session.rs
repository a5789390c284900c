//! Locks the acting session, so that of sessions that revoke each other only one succeeds.

use chrono::{DateTime, Utc};

use crate::model::session::SignedIn;
use crate::store::{self, Tx, sessions, users};

/// Whether `acting` is still alive. Until the transaction ends, no other session of the account can pass this step: of
/// two sessions that revoke each other at the same moment, one succeeds.
pub(in crate::flows) async fn claim_session(tx: &mut Tx, acting: &SignedIn, now: DateTime<Utc>) -> store::Result<bool> {
    users::lock(tx, acting.user_id).await?;
    Ok(sessions::by_id(tx.conn(), acting.session_id, now).await?.is_some())
}
