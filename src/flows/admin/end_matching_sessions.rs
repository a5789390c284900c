//! An operator ends the sessions of all accounts that fit a filter.

use uuid::Uuid;

use crate::app::App;
use crate::model::admin::Operator;
use crate::model::event::EventKind;
use crate::model::id::SessionId;
use crate::model::session::ended::SessionFilter;
use crate::store::{events, sessions};
use crate::telemetry::{self, Ended};

/// Sessions that one transaction ends: few, so that other writers wait for milliseconds.
const BATCH: u32 = 250;
/// Transactions of one call, so that no request takes long.
const MOST_BATCHES: u32 = 40;

/// Ends live sessions of accounts that fit the filter, at most 10,000 of them; returns how many, and whether there may
/// be more.
pub async fn end_matching_sessions(
    app: &App,
    operator: &Operator,
    filter: &SessionFilter,
) -> anyhow::Result<(u64, bool)> {
    let (mut number, mut last) = (0, SessionId(Uuid::nil()));
    for _ in 0..MOST_BATCHES {
        let now = app.clock.now();
        let mut tx = app.db.write().await?;
        let fitting = sessions::fitting(tx.conn(), filter, last, now, BATCH).await?;
        let mut ended = 0;
        for id in &fitting {
            if let Some(session) = sessions::end_by_id(&mut tx, *id, now).await? {
                let event = operator.event(EventKind::SessionRevoked, session.user_id, now);
                events::record(tx.conn(), &event.in_session(session.id)).await?;
                ended += 1;
            }
        }
        tx.commit().await?;
        telemetry::sessions_ended(Ended::ByOperator, ended);
        number += ended;
        match fitting.last() {
            Some(id) if fitting.len() == BATCH as usize => last = *id,
            _ => return Ok((number, false)),
        }
    }
    Ok((number, true))
}
