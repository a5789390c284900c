//! The audit log.

use super::{Target, answers};
use crate::app::App;
use crate::cli::remote::Remote;
use crate::flows::operator::place_in_events::place_in_events;
use crate::flows::operator::read_events::read_events;
use crate::model::event::{EventFilter, EventPlace, EventStart, LoggedEvent};
use crate::model::id::UserId;

/// Reads events one page after the other.
pub struct EventReader<'a> {
    filter: EventFilter,
    at: At<'a>,
}

enum At<'a> {
    Database(&'a App, EventPlace),
    /// With the parameter that says where to go on.
    Service(&'a Remote, Option<(&'static str, String)>),
}

impl Target {
    pub async fn events(&self, filter: EventFilter, start: EventStart) -> anyhow::Result<EventReader<'_>> {
        let at = match self {
            Self::Database(app) => At::Database(app, place_in_events(app, start).await?),
            Self::Service(remote) => {
                let place = match start {
                    EventStart::First => None,
                    EventStart::After(id) => Some(("after", id.to_string())),
                    EventStart::Since(time) => Some(("since", time.to_rfc3339())),
                    EventStart::Now => Some(("since", remote.now().await?.to_rfc3339())),
                };
                At::Service(remote, place)
            }
        };
        Ok(EventReader { filter, at })
    }
}

impl EventReader<'_> {
    /// The next events, which may be none of those that fit; `None` when none follows yet.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<LoggedEvent>>> {
        let filter = &self.filter;
        match &mut self.at {
            At::Database(app, place) => {
                let Some((events, last)) = read_events(app, filter, place).await? else {
                    return Ok(None);
                };
                *place = last;
                Ok(Some(events))
            }
            At::Service(remote, place) => {
                let page = read_at(remote, filter, place.as_ref()).await?;
                let next = page.next.map(|next| ("after", next));
                if next.is_none() {
                    return Ok(None);
                }
                remote.ensure_moves_on(place, &next)?;
                *place = next;
                let events = page.events.into_iter().filter(|event| filter.wants(&event.kind));
                Ok(Some(events.map(Into::into).collect()))
            }
        }
    }
}

async fn read_at(
    remote: &Remote,
    filter: &EventFilter,
    place: Option<&(&'static str, String)>,
) -> anyhow::Result<answers::Events> {
    let user = filter.user.map(|UserId(id)| id.to_string());
    let mut query = vec![("limit", "200")];
    query.extend(place.map(|(name, value)| (*name, value.as_str())));
    query.extend(user.as_deref().map(|user| ("user", user)));
    // The API takes one type; of several, the reader chooses.
    if let [kind] = filter.kinds[..] {
        query.push(("type", kind.name()));
    }
    remote.get("events", &query).await
}
