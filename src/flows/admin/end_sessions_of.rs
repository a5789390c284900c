//! An operator ends all sessions of an account.

use crate::app::App;
use crate::model::admin::Operator;
use crate::model::event::EventKind;
use crate::model::id::UserId;
use crate::store::{events, sessions, users};
use crate::telemetry::{self, Ended};

/// Ends every session of the account, by cookie and by tokens; returns how many were alive, or `None` if there is no
/// such account.
pub async fn end_sessions_of(app: &App, operator: &Operator, id: UserId) -> anyhow::Result<Option<u64>> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    users::lock(&mut tx, id).await?;
    if users::listed(tx.conn(), id).await?.is_none() {
        return Ok(None);
    }
    let ended = sessions::end_all_of_user(&mut tx, id, now).await?;
    if ended > 0 {
        let event = operator.event(EventKind::SessionRevoked, Some(id), now);
        events::record(tx.conn(), &event.with("sessions", &ended)).await?;
    }
    tx.commit().await?;
    telemetry::sessions_ended(Ended::ByOperator, ended);
    Ok(Some(ended))
}
