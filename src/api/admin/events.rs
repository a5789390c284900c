//! `/api/admin/events` and `/api/admin/statistics`: what happened, and how much.

use std::collections::BTreeMap;

use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::guard::AdminReader;
use super::parameters::{EventSelection, EventType, Moment, Place, User};
use crate::api::error::ApiError;
use crate::api::example;
use crate::api::paging::{Limit, wrong};
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::admin::show_statistics::show_statistics;
use crate::flows::operator::place_in_events::{is_reached, place_in_events};
use crate::flows::operator::read_events::read_events;
use crate::model::event::{EventPlace, LoggedEvent, all_details};
use crate::model::id::{SessionId, UserId};
use crate::model::statistics::{DayCount, Statistics};

/// Pages of the log that one request looks through for events that fit. A page has 500 events.
const MOST_PAGES: usize = 20;

const OTHER_SERVER: &str = "This place is of another database server; begin with `since`";

pub struct AdminEventsApi(pub App);

/// Something that happened to an account, or that an operator did.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminEvent {
    id: Uuid,
    /// What happened. The types are those of `GET /api/users/{user_id}/events`; later versions may add others.
    #[oai(rename = "type")]
    kind: String,
    happened_at: Time,
    /// The party that did it: `self` for the account's owner or a client that acted for it, `operator`, or `system`.
    actor: String,
    /// The account. Absent for acts that concern no account.
    #[oai(skip_serializing_if_is_none)]
    user_id: Option<Uuid>,
    /// The session that it was done in, or that it is about.
    #[oai(skip_serializing_if_is_none)]
    session_id: Option<Uuid>,
    /// The network of the client: a /24 of IPv4 or a /64 of IPv6.
    #[oai(skip_serializing_if_is_none)]
    network: Option<String>,
    /// The kind of browser or program, and its system.
    #[oai(skip_serializing_if_is_none)]
    browser: Option<String>,
    /// Details that depend on the type. `operator` names the key or the account of an operator, or the command line.
    #[oai(skip_serializing_if_is_none)]
    data: Option<BTreeMap<String, String>>,
}

/// Part of the audit log, the earliest event first.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminEventList {
    events: Vec<AdminEvent>,
    /// Send this as `after` to go on. Absent when no event follows yet; then keep the value that you sent.
    #[oai(skip_serializing_if_is_none)]
    next: Option<String>,
}

/// Numbers about the service.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminStatistics {
    /// When these numbers were counted.
    counted_at: Time,
    accounts: i64,
    /// Sessions of accounts that are alive, by cookie and with tokens.
    live_sessions: i64,
    /// The last 30 days, today first.
    days: Vec<AdminDay>,
}

/// What happened on one day, in UTC. Events of deleted accounts are not counted.
#[derive(Debug, Object)]
pub struct AdminDay {
    /// The day, as in `2026-01-31`.
    day: String,
    /// Accounts that were created.
    sign_ups: i64,
    /// Log-ins of accounts that were there before.
    log_ins: i64,
}

#[OpenApi(tag = "Tag::Admin")]
impl AdminEventsApi {
    /// Read the audit log
    ///
    /// Returns events in the order in which they were stored, beginning with the first that is kept, with the one
    /// behind `after`, or with the first since a time. Go on with `next` until it is absent. With `type`, a page may be
    /// short or empty although more follow. No event is left out and none is repeated; behind an event that was erased,
    /// reading begins a minute before it. An event of this moment may take a second to appear.
    ///
    /// Answers 400 `validation_error` for a parameter that is not acceptable, and for an `after` that is ahead of this
    /// PostgreSQL server, because it is of the one before a move: begin with `since` then.
    #[oai(path = "/api/admin/events", method = "get", operation_id = "adminListEvents")]
    async fn list_events(
        &self,
        _operator: AdminReader,
        /// The value of `next` from the page before; or the id of an event, to begin with the one that follows it.
        after: Query<Option<Place>>,
        /// Begin with the first event since this time. Without effect beside `after`.
        since: Query<Option<Moment>>,
        /// Only events of this type.
        r#type: Query<Option<EventType>>,
        /// Only events of the account with this id.
        user: Query<Option<User>>,
        /// The number of events of a page.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<AdminEventList>, ApiError> {
        let selection = EventSelection::read(after.0, since.0, r#type.0, user.0)?;
        let limit = Limit::read(limit.0)? as usize;
        let start = match selection.after {
            Some(place) if is_reached(&self.0, &place).await? => place,
            Some(_) => return Err(ApiError::validation(vec![wrong("after", OTHER_SERVER)])),
            None => place_in_events(&self.0, selection.start).await?,
        };
        let (mut events, mut next): (_, Option<EventPlace>) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let place = next.as_ref().unwrap_or(&start);
            let Some((found, last)) = read_events(&self.0, &selection.filter, place)
                .await
                .map_err(anyhow::Error::from)?
            else {
                break;
            };
            next = Some(last);
            events = found;
            if !events.is_empty() {
                break;
            }
        }
        if events.len() > limit {
            events.truncate(limit);
            next = events.last().map(|event| event.place.clone());
        }
        Ok(Json(AdminEventList {
            events: events.into_iter().map(AdminEvent::of).collect(),
            next: next.as_ref().map(Place::text),
        }))
    }

    /// Look at numbers about the service
    ///
    /// Returns the number of accounts and of live sessions, and the sign-ups and log-ins of the last 30 days. The
    /// numbers are at most a minute old; those of a large service can be older, as `counted_at` says.
    #[oai(path = "/api/admin/statistics", method = "get", operation_id = "adminGetStatistics")]
    async fn get_statistics(&self, _operator: AdminReader) -> Result<Json<AdminStatistics>, ApiError> {
        Ok(Json(AdminStatistics::of(show_statistics(&self.0).await?)))
    }
}

impl AdminEvent {
    fn of(logged: LoggedEvent) -> Self {
        let event = logged.event;
        let details = all_details(event.data.as_deref());
        Self {
            id: event.id,
            kind: event.kind,
            happened_at: Time(event.happened_at),
            actor: event.actor,
            user_id: logged.user_id.map(|UserId(id)| id),
            session_id: event.session_id.map(|SessionId(id)| id),
            network: event.network,
            browser: event.browser,
            data: Some(details).filter(|details| !details.is_empty()),
        }
    }
}

impl AdminStatistics {
    fn of(statistics: Statistics) -> Self {
        Self {
            counted_at: Time(statistics.counted_at),
            accounts: statistics.accounts,
            live_sessions: statistics.live_sessions,
            days: statistics.days.into_iter().map(AdminDay::of).collect(),
        }
    }
}

impl AdminDay {
    fn of(day: DayCount) -> Self {
        Self {
            day: day.day,
            sign_ups: day.sign_ups,
            log_ins: day.log_ins,
        }
    }
}

impl Example for AdminEvent {
    fn example() -> Self {
        let signed_in = example::signed_in();
        let operator = "key 0192d3a8-6bf1-7c3a-8e21-5d4f9a0b1c2e".to_owned();
        Self {
            id: Uuid::from_u128(0x0192_d3a8_6c0e_7d21_a04e_3b7c_9d2f_6082),
            kind: "account_disabled".to_owned(),
            happened_at: Time(signed_in.created_at),
            actor: "operator".to_owned(),
            user_id: Some(signed_in.user_id.0),
            session_id: None,
            network: Some("203.0.113.0/24".to_owned()),
            browser: Some("Unknown device".to_owned()),
            data: Some(BTreeMap::from([("operator".to_owned(), operator)])),
        }
    }
}

impl Example for AdminEventList {
    fn example() -> Self {
        Self {
            events: vec![AdminEvent::example()],
            next: Some("0.4711".to_owned()),
        }
    }
}

impl Example for AdminStatistics {
    fn example() -> Self {
        let counted_at = example::signed_in().created_at;
        Self {
            counted_at: Time(counted_at),
            accounts: 1204,
            live_sessions: 310,
            days: vec![AdminDay {
                day: counted_at.date_naive().to_string(),
                sign_ups: 7,
                log_ins: 120,
            }],
        }
    }
}
