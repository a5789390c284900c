//! Before a session changes others, it makes sure that none of them has ended it meanwhile.

use chrono::{DateTime, Utc};

use crate::model::session::SignedIn;
use crate::store::{self, Tx, sessions, users};

/// Whether `acting` still lives; until the transaction ends, no other session of the account can act through this. Of two
/// sessions that revoke each other at the same moment, one does.
pub(in crate::flows) async fn claim_session(tx: &mut Tx, acting: &SignedIn, now: DateTime<Utc>) -> store::Result<bool> {
    users::lock(tx.conn(), acting.user_id).await?;
    Ok(sessions::by_id(tx.conn(), acting.session_id, now).await?.is_some())
}
