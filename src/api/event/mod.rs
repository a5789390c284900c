//! `/api/users/{user_id}/events`: what happened to the caller's account.

mod stream;

use std::collections::BTreeMap;

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::api::error::{ApiError, ErrorCode};
use crate::api::example;
use crate::api::guard::{CurrentUser, ensure_own};
use crate::api::paging::{Before, Limit, Page};
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::event::list_events::list_events;
use crate::model::event::{Actor, ListedEvent, shown_details};
use crate::model::id::SessionId;

/// The operations of this chapter.
pub type Apis = (EventsApi, stream::StreamApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (EventsApi(app.clone()), stream::StreamApi(app.clone()))
}

/// The errors that operations return for reasons of their own.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    ("listEvents", &[ErrorCode::ValidationError, ErrorCode::NotFound]),
    ("streamEvents", &[ErrorCode::OriginNotAllowed]),
];

pub struct EventsApi(pub App);

/// Something that happened to your account.
#[derive(Debug, Object)]
#[oai(example, rename = "Event")]
pub struct EventResponse {
    id: Uuid,
    /// What happened: `sign_up`, `log_in`, `log_in_failed`, `log_out`, `session_revoked`, `password_changed`,
    /// `password_reset`, `email_verified`, `email_changed`, `account_deleted`, `account_disabled`, `account_enabled`,
    /// `factor_added`, `factor_removed`, `recovery_code_used`, `passkey_added`, `passkey_removed`, `identity_linked`,
    /// `identity_removed`, `token_reuse_detected` or `admin_action`. Later versions may add others.
    #[oai(rename = "type")]
    kind: String,
    happened_at: Time,
    /// The party that did it: `self` for you or a client that acted for you, `operator`, or `system` for the service.
    actor: String,
    /// The session that it was done in, or that it is about.
    #[oai(skip_serializing_if_is_none)]
    session_id: Option<Uuid>,
    /// The network of the client: a /24 of IPv4 or a /64 of IPv6.
    #[oai(skip_serializing_if_is_none)]
    network: Option<String>,
    /// The kind of browser or program, and its system.
    #[oai(skip_serializing_if_is_none)]
    browser: Option<String>,
    /// Details that depend on the type.
    #[oai(skip_serializing_if_is_none)]
    data: Option<BTreeMap<String, String>>,
}

/// One page of events, the latest first.
#[derive(Debug, Object)]
#[oai(example)]
pub struct EventListResponse {
    events: Vec<EventResponse>,
    /// Send this as `before` to read the next page; absent on the last one.
    #[oai(skip_serializing_if_is_none)]
    next: Option<Uuid>,
}

#[OpenApi(tag = "Tag::Events")]
impl EventsApi {
    /// List what happened to your account
    ///
    /// Returns log-ins, changes of credentials and other events of your account, the latest first. Repeated failed
    /// log-ins from one network are one event, and `data.count` says how many there were. Events are kept for 180 days,
    /// unless the operator sets another time.
    ///
    /// Answers 400 `validation_error` for a parameter that is not acceptable, and 404 `not_found` for any account but
    /// yours.
    #[oai(path = "/api/users/:user_id/events", method = "get", operation_id = "listEvents")]
    async fn list_events(
        &self,
        user: CurrentUser,
        /// The id of your account, or `me`.
        user_id: Path<String>,
        /// The value of `next` from the page before.
        before: Query<Option<Before>>,
        /// The number of events of a page.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<EventListResponse>, ApiError> {
        ensure_own(&user_id.0, &user.0)?;
        let page = Page::read(before.0, limit.0)?;
        let (listed, has_more) = list_events(&self.0, user.0.user_id, page.before, page.limit).await?;
        let next = listed.last().map(|event| event.id).filter(|_| has_more);
        let events = listed.into_iter().map(EventResponse::of).collect();
        Ok(Json(EventListResponse { events, next }))
    }
}

impl EventResponse {
    /// The event as the account's owner sees it. It does not tell which operator did something, nor from where.
    pub fn of(event: ListedEvent) -> Self {
        let details = shown_details(event.data.as_deref());
        let by_operator = event.actor == Actor::Operator.name();
        Self {
            id: event.id,
            data: Some(details).filter(|details| !details.is_empty()),
            kind: event.kind,
            happened_at: Time(event.happened_at),
            actor: event.actor,
            session_id: event.session_id.map(|SessionId(id)| id),
            network: event.network.filter(|_| !by_operator),
            browser: event.browser.filter(|_| !by_operator),
        }
    }
}

impl Example for EventResponse {
    fn example() -> Self {
        let signed_in = example::signed_in();
        Self {
            id: Uuid::from_u128(0x0192_d3a8_6c0e_7d21_a04e_3b7c_9d2f_6081),
            kind: "log_in".to_owned(),
            happened_at: Time(signed_in.created_at),
            actor: "self".to_owned(),
            session_id: Some(signed_in.session_id.0),
            network: Some("203.0.113.0/24".to_owned()),
            browser: Some("Firefox on Linux".to_owned()),
            data: None,
        }
    }
}

impl Example for EventListResponse {
    fn example() -> Self {
        let events = vec![EventResponse::example()];
        Self { events, next: None }
    }
}
