//! An operator says where to begin reading the audit log.

use anyhow::ensure;
use uuid::Version;

use crate::app::App;
use crate::model::event::{EventPlace, EventStart};
use crate::store::events;

/// Whether this database has come to `place`, which a client has from it or from one that it was restored from.
pub async fn is_reached(app: &App, place: &EventPlace) -> anyhow::Result<bool> {
    let mut read = app.db.read().await?;
    Ok(events::is_reached(read.conn(), place).await?)
}

/// The place behind which the events of `start` are. An event that was erased with its account, or that is too old, has
/// none. Then the reading begins a minute before it: some events may be read again, and none is left out.
///
/// # Errors
/// Also when `start` names an id that no event can have.
pub async fn place_in_events(app: &App, start: EventStart) -> anyhow::Result<EventPlace> {
    let mut read = app.db.read().await?;
    match start {
        EventStart::First => Ok(EventPlace::first()),
        EventStart::Now => Ok(events::place_of_now(read.conn()).await?),
        EventStart::Since(time) => Ok(events::place_since(read.conn(), time).await?),
        EventStart::After(id) => {
            if let Some(place) = events::place(read.conn(), id).await? {
                return Ok(place);
            }
            ensure!(
                id.get_version() == Some(Version::SortRand),
                "no event has such an id; name another one, or use --since"
            );
            Ok(events::place_behind(read.conn(), id).await?)
        }
    }
}
