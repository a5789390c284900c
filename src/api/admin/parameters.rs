//! The parameters of lists and filters.

use chrono::{DateTime, Utc};
use poem_openapi::registry::MetaSchema;
use serde_json::json;
use uuid::{Uuid, Version};

use crate::api::error::{ApiError, Issue};
use crate::api::paging::{Limit, parameter, wrong};
use crate::model::admin::moment::moment;
use crate::model::admin::place::UserPlace;
use crate::model::admin::search::Search;
use crate::model::event::{EventFilter, EventKind, EventPlace, EventStart};
use crate::model::id::{SessionId, UserId};
use crate::model::session::SessionKind;
use crate::model::session::ended::SessionFilter;
use crate::model::user::email::Email;

parameter!(
    /// What to look for in the list of accounts.
    Query,
    MetaSchema {
        max_length: Some(Email::MAX_BYTES),
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A time.
    Moment,
    MetaSchema::new_with_format("string", "date-time")
);
parameter!(
    /// The transport of sessions.
    Kind,
    MetaSchema {
        enum_items: vec![json!("cookie"), json!("token")],
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A place among the sessions of all accounts.
    After,
    MetaSchema::new_with_format("string", "uuid")
);
parameter!(
    /// A flag.
    Flag,
    MetaSchema::new("boolean")
);

parameter!(
    /// A place in the list of accounts.
    AccountPlace,
    MetaSchema {
        pattern: Some("^[A-Za-z0-9_-]{2,512}$".to_owned()),
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A place in the audit log, or the id of an event.
    Place,
    MetaSchema {
        pattern: Some("^([0-9]{1,20}[.][0-9]{1,19}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$".to_owned()),
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A place in the list of deliveries.
    Position,
    MetaSchema {
        pattern: Some("^[0-9]{1,19}$".to_owned()),
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A type of events.
    EventType,
    MetaSchema {
        enum_items: EventKind::ALL.iter().map(|kind| json!(kind.name())).collect(),
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// The id of an account.
    User,
    MetaSchema::new_with_format("string", "uuid")
);

impl Moment {
    fn read(&self) -> Option<DateTime<Utc>> {
        moment(&self.0)
    }
}

impl Place {
    /// The place as clients send it.
    pub fn text(place: &EventPlace) -> String {
        format!("{}.{}", place.transaction, place.number)
    }

    /// The id of an event. No other ids have a place.
    fn event(&self) -> Option<Uuid> {
        let id: Uuid = self.0.parse().ok()?;
        Some(id).filter(|id| id.get_version() == Some(Version::SortRand))
    }

    fn read(&self) -> Option<EventPlace> {
        let (transaction, number) = self.0.split_once('.')?;
        let (transaction, number): (u64, u64) = (transaction.parse().ok()?, number.parse().ok()?);
        Some(EventPlace {
            transaction: transaction.to_string(),
            number: number.try_into().ok()?,
        })
    }
}

impl Position {
    /// # Errors
    /// An issue if it is no number.
    pub fn read(&self) -> Result<i64, ApiError> {
        let position = self.0.parse::<u64>().ok().and_then(|position| position.try_into().ok());
        position.ok_or_else(|| ApiError::validation(vec![wrong("before", PAGE_BEFORE)]))
    }
}

const PAGE_BEFORE: &str = "Send the value of `next` from the page before";
const TIME: &str = "Send a time from 1970 on, as in 2026-01-31T12:00:00Z";

/// Which part of the audit log to read.
#[derive(Debug)]
pub struct EventSelection {
    /// The place to go on from; without one, `start` says where to begin.
    pub after: Option<EventPlace>,
    pub start: EventStart,
    pub filter: EventFilter,
}

impl EventSelection {
    /// # Errors
    /// An issue for each parameter that is not acceptable.
    pub fn read(
        after: Option<Place>,
        since: Option<Moment>,
        kind: Option<EventType>,
        user: Option<User>,
    ) -> Result<Self, ApiError> {
        let mut issues = Vec::new();
        let event = after.as_ref().and_then(Place::event);
        let after = after.filter(|_| event.is_none());
        let after = after.map(|after| after.read().ok_or_else(|| wrong("after", PAGE_BEFORE)));
        let after = noted(after, &mut issues);
        let since = since.map(|since| since.read().ok_or_else(|| wrong("since", TIME)));
        let since = noted(since, &mut issues);
        let kind = kind.map(|EventType(name)| {
            EventKind::named(&name).ok_or_else(|| wrong("type", "Send a type of events, as in log_in"))
        });
        let kind = noted(kind, &mut issues);
        let user = user.map(|User(id)| id.parse().map_err(|_| wrong("user", "Send the id of an account")));
        let user = noted(user, &mut issues);
        if !issues.is_empty() {
            return Err(ApiError::validation(issues));
        }
        Ok(Self {
            after,
            start: event
                .map(EventStart::After)
                .or(since.map(EventStart::Since))
                .unwrap_or(EventStart::First),
            filter: EventFilter {
                user: user.map(UserId),
                kinds: kind.into_iter().collect(),
            },
        })
    }
}

/// The value of a parameter; its issue, if it has one, joins the others.
fn noted<T>(value: Option<Result<T, Issue>>, issues: &mut Vec<Issue>) -> Option<T> {
    value?.map_err(|issue| issues.push(issue)).ok()
}

/// Which accounts to list.
#[derive(Debug)]
pub struct UserSelection {
    /// `None` for all.
    pub search: Option<Search>,
    pub from: Option<UserPlace>,
    pub limit: u32,
}

impl UserSelection {
    /// # Errors
    /// An issue for each parameter that is not acceptable.
    pub fn read(query: Option<&Query>, before: Option<AccountPlace>, limit: Option<Limit>) -> Result<Self, ApiError> {
        let mut issues = Vec::new();
        let text = query.map(|Query(text)| text.trim()).filter(|text| !text.is_empty());
        let search = text.map(|text| Search::parse(text).map_err(|error| wrong("query", format!("{error}"))));
        let search = noted(search, &mut issues);
        let from = before.map(|AccountPlace(text)| UserPlace::parse(&text).ok_or_else(|| wrong("before", PAGE_BEFORE)));
        let from = noted(from, &mut issues);
        let limit = noted(Some(Limit::number(limit)), &mut issues);
        match limit {
            Some(limit) if issues.is_empty() => Ok(Self { search, from, limit }),
            _ => Err(ApiError::validation(issues)),
        }
    }
}

/// Which sessions to end, and whether to count them only.
#[derive(Debug)]
pub struct SessionSelection {
    pub filter: SessionFilter,
    /// The place to go on from.
    pub after: Option<SessionId>,
    pub is_dry_run: bool,
}

impl SessionSelection {
    /// # Errors
    /// An issue for each parameter that is not acceptable.
    pub fn read(
        before: Option<Moment>,
        kind: Option<Kind>,
        dry_run: Option<Flag>,
        after: Option<After>,
    ) -> Result<Self, ApiError> {
        let mut issues = Vec::new();
        let before = before.and_then(|before| before.read());
        let before = noted(Some(before.ok_or_else(|| wrong("before", TIME))), &mut issues);
        let kind = kind.map(|Kind(text)| match text.as_str() {
            "cookie" => Ok(SessionKind::Cookie),
            "token" => Ok(SessionKind::Token),
            _ => Err(wrong("kind", "Send cookie or token")),
        });
        let kind = noted(kind, &mut issues);
        let dry_run = dry_run.map(|Flag(text)| text.parse().map_err(|_| wrong("dry_run", "Send true or false")));
        let is_dry_run = noted(dry_run, &mut issues).unwrap_or_default();
        let after = after.map(|After(id)| id.parse().map_err(|_| wrong("after", PAGE_BEFORE)));
        let after = noted(after, &mut issues).map(SessionId);
        match before {
            Some(before) if issues.is_empty() => Ok(Self {
                filter: SessionFilter { before, kind },
                after,
                is_dry_run,
            }),
            _ => Err(ApiError::validation(issues)),
        }
    }
}
