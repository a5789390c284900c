//! Records that a client ended a session of its own.

use chrono::{DateTime, Utc};

use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::session::ended::EndedSession;
use crate::store::{self, Tx, events};

/// Records the log-out of `client` from a session that was alive. A visitor's session has no account to record it for.
pub(in crate::flows) async fn record_log_out(
    tx: &mut Tx,
    ended: &EndedSession,
    client: &Client,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let Some(user) = ended.user_id else { return Ok(()) };
    let event = Event::by_owner(EventKind::LogOut, user, client, now).in_session(ended.id);
    events::record(tx.conn(), &event).await
}
