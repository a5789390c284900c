//! An operator asks how many sessions a filter would end.

use crate::app::App;
use crate::flows::admin::match_sessions::{WINDOWS, match_sessions};
use crate::model::id::SessionId;
use crate::model::session::ended::{MatchedSessions, SessionFilter};

/// The number of live sessions of accounts that fit the filter, of the 20,000 sessions behind `after`.
pub async fn count_matching_sessions(
    app: &App,
    filter: &SessionFilter,
    after: Option<SessionId>,
) -> anyhow::Result<MatchedSessions> {
    let mut matched = MatchedSessions { number: 0, next: after };
    for _ in 0..WINDOWS {
        let (fitting, next) = match_sessions(app, filter, matched.next).await?;
        matched.number += fitting.len() as u64;
        matched.next = next;
        if next.is_none() {
            break;
        }
    }
    Ok(matched)
}
