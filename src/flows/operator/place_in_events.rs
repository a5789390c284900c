//! An operator says where to begin reading the audit log.

use anyhow::Context;

use crate::app::App;
use crate::model::event::{EventPlace, EventStart};
use crate::store::events;

/// The place behind which the events of `start` are.
///
/// # Errors
/// Also when `start` names an event that is not kept.
pub async fn place_in_events(app: &App, start: EventStart) -> anyhow::Result<EventPlace> {
    let mut read = app.db.read().await?;
    match start {
        EventStart::First => Ok(EventPlace::first()),
        EventStart::Now => Ok(events::place_of_now(read.conn()).await?),
        EventStart::Since(time) => Ok(events::place_since(read.conn(), time).await?),
        EventStart::After(id) => {
            let place = events::place(read.conn(), id).await?;
            place.context("no such event is kept; name a later one, or use --since")
        }
    }
}
