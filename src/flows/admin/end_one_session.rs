//! An operator ends one session.

use crate::app::App;
use crate::model::admin::Operator;
use crate::model::event::EventKind;
use crate::model::id::SessionId;
use crate::store::{events, sessions};
use crate::telemetry::{self, Ended};

/// Ends the session; `false` if none of this id was alive.
pub async fn end_one_session(app: &App, operator: &Operator, id: SessionId) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let ended = sessions::end_by_id(&mut tx, id, now).await?;
    if let Some(ended) = &ended {
        let event = operator.event(EventKind::SessionRevoked, ended.user_id, now);
        events::record(tx.conn(), &event.in_session(ended.id)).await?;
    }
    // Also for a session that has expired: a clock that is set back must not revive it.
    tx.commit().await?;
    telemetry::sessions_ended(Ended::ByOperator, u64::from(ended.is_some()));
    Ok(ended.is_some())
}
