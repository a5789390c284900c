//! An operator reads the audit log from a place on.

use crate::app::App;
use crate::model::event::{EventFilter, EventPlace, LoggedEvent};
use crate::store::{self, events};

/// Number of events that one call looks at, whatever the filter leaves of them.
const PAGE: u32 = 500;

/// The events behind `place` that `filter` wants, in the order of their commits, and the place to go on from; none
/// if there are no more events for now.
pub async fn read_events(
    app: &App,
    filter: &EventFilter,
    place: &EventPlace,
) -> store::Result<Option<(Vec<LoggedEvent>, EventPlace)>> {
    let mut read = app.db.read().await?;
    let mut page = events::logged(read.conn(), place, filter.user, PAGE).await?;
    let Some(last) = page.last().map(|last| last.place.clone()) else {
        return Ok(None);
    };
    page.retain(|logged| filter.wants(&logged.event.kind));
    Ok(Some((page, last)))
}
