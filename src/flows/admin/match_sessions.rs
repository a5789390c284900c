//! The sessions of all accounts, part by part, and which of them fit a filter.

use crate::app::App;
use crate::model::id::SessionId;
use crate::model::session::ended::SessionFilter;
use crate::store::{self, sessions};

/// Sessions that one statement looks at, whether they fit or not.
pub const WINDOW: u32 = 1_000;
/// Statements of one call.
pub const WINDOWS: u32 = 20;

/// Of the next sessions behind `after` those that fit, and the place to go on from unless these were the last.
pub async fn match_sessions(
    app: &App,
    filter: &SessionFilter,
    after: Option<SessionId>,
) -> store::Result<(Vec<SessionId>, Option<SessionId>)> {
    let mut read = app.db.read().await?;
    let seen = sessions::window(read.conn(), filter, after, app.clock.now(), WINDOW).await?;
    let next = seen.last().map(|(id, _)| *id).filter(|_| seen.len() == WINDOW as usize);
    let fitting = seen.into_iter().filter(|(_, fits)| *fits).map(|(id, _)| id);
    Ok((fitting.collect(), next))
}
