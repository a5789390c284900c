//! An operator ends the sessions of all accounts that fit a filter.

use crate::app::App;
use crate::flows::admin::end_one_session::end_one_session;
use crate::flows::admin::match_sessions::{WINDOW, WINDOWS, match_sessions};
use crate::model::admin::Operator;
use crate::model::event::EventKind;
use crate::model::id::SessionId;
use crate::model::session::ended::{MatchedSessions, SessionFilter};
use crate::store::{events, sessions};
use crate::telemetry::{self, Ended};

/// Sessions that one transaction ends: few, so that other writers wait for milliseconds.
const BATCH: usize = 250;
/// Sessions that one call ends, so that no request takes long.
const MOST: u64 = 10_000;

/// Ends live sessions of accounts that fit the filter, behind `after`. It looks at 20,000 sessions at most, outside of
/// any transaction, and ends 10,000 of them at most.
pub async fn end_matching_sessions(
    app: &App,
    operator: &Operator,
    filter: &SessionFilter,
    after: Option<SessionId>,
) -> anyhow::Result<MatchedSessions> {
    let mut matched = MatchedSessions { number: 0, next: after };
    for _ in 0..WINDOWS {
        let (fitting, next) = match_sessions(app, filter, matched.next).await?;
        for batch in fitting.chunks(BATCH) {
            matched.number += end(app, operator, batch).await?;
        }
        matched.next = next;
        if next.is_none() || matched.number + u64::from(WINDOW) > MOST {
            break;
        }
    }
    Ok(matched)
}

/// Ends the sessions; returns how many were alive. On PostgreSQL another transaction may have locked one of them and
/// wait for a second one. So the transaction of all waits for none, and what it left is ended one by one.
async fn end(app: &App, operator: &Operator, batch: &[SessionId]) -> anyhow::Result<u64> {
    let (mut number, mut left, now) = (0, Vec::new(), app.clock.now());
    let mut tx = app.db.write().await?;
    for id in batch {
        match sessions::end_by_id_unless_locked(&mut tx, *id, now).await? {
            Some(session) => {
                let event = operator.event(EventKind::SessionRevoked, session.user_id, now);
                events::record(tx.conn(), &event.in_session(session.id)).await?;
                number += 1;
            }
            None => left.push(*id),
        }
    }
    tx.commit().await?;
    telemetry::sessions_ended(Ended::ByOperator, number);
    for id in left {
        number += u64::from(end_one_session(app, operator, id).await?);
    }
    Ok(number)
}
