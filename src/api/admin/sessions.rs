//! `/api/admin/sessions`: lists and ends the sessions of any account.

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::guard::{AdminReader, AdminWriter};
use super::parameters::{After, Flag, Kind, Moment, SessionSelection};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::example;
use crate::api::formats::Nullable;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::admin::count_matching_sessions::count_matching_sessions;
use crate::flows::admin::end_matching_sessions::end_matching_sessions;
use crate::flows::admin::end_one_session::end_one_session;
use crate::flows::admin::end_sessions_of::end_sessions_of;
use crate::flows::admin::list_sessions_of::list_sessions_of;
use crate::model::id::{SessionId, UserId};
use crate::model::session::ListedSession;
use crate::model::session::methods::Methods;

pub struct AdminSessionsApi(pub App);

/// A session of an account.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminSession {
    /// Use this id to end the session. It is not a credential.
    id: Uuid,
    /// The session's transport: `cookie` or `token`.
    kind: String,
    created_at: Time,
    /// The last time at which its client proved to be the account's owner.
    authenticated_at: Time,
    /// How it proved that (RFC 8176).
    amr: Vec<String>,
    /// When the session was last used, to within five minutes.
    last_seen_at: Time,
    expires_at: Time,
    /// The IP address from which the session was started.
    ip: Nullable<String>,
    /// The `User-Agent` of the client that started the session.
    user_agent: Nullable<String>,
}

/// The number of sessions that ended.
#[derive(Debug, Object)]
#[oai(example)]
pub struct EndedSessionsResponse {
    /// With `dry_run`, the number that would have ended.
    ended: u64,
    /// Whether there may be more; then send the request again, with `next`.
    more: bool,
    /// Send this as `after` to go on.
    #[oai(skip_serializing_if_is_none)]
    next: Option<Uuid>,
}

#[derive(ApiResponse)]
enum Ended {
    /// The session has ended.
    #[oai(status = 204)]
    Ended,
}

#[OpenApi(tag = "Tag::Admin")]
impl AdminSessionsApi {
    /// List the sessions of an account
    ///
    /// Returns every live session, the most recently used first. Answers 404 `not_found` if there is no account with
    /// this id.
    #[oai(
        path = "/api/admin/users/:id/sessions",
        method = "get",
        operation_id = "adminListUserSessions"
    )]
    async fn list_user_sessions(
        &self,
        _operator: AdminReader,
        /// The id of the account.
        id: Path<Uuid>,
    ) -> Result<Json<Vec<AdminSession>>, ApiError> {
        let sessions = list_sessions_of(&self.0, UserId(id.0)).await?;
        let sessions = sessions.ok_or(ApiError::from(ErrorCode::NotFound))?;
        Ok(Json(sessions.into_iter().map(AdminSession::of).collect()))
    }

    /// End the sessions of an account
    ///
    /// Ends every session of the account, by cookie and with tokens, and returns how many there were. The account can
    /// log in again; disable it to prevent that. Answers 404 `not_found` if there is no account with this id.
    #[oai(
        path = "/api/admin/users/:id/sessions",
        method = "delete",
        operation_id = "adminEndUserSessions"
    )]
    async fn end_user_sessions(
        &self,
        operator: AdminWriter,
        /// The id of the account.
        id: Path<Uuid>,
    ) -> Result<Json<EndedSessionsResponse>, ApiError> {
        let ended = end_sessions_of(&self.0, &operator.0, UserId(id.0)).await?;
        let ended = ended.ok_or(ApiError::from(ErrorCode::NotFound))?;
        Ok(Json(EndedSessionsResponse {
            ended,
            more: false,
            next: None,
        }))
    }

    /// End one session
    ///
    /// Answers 404 `not_found` if no session with this id is alive.
    #[oai(
        path = "/api/admin/sessions/:id",
        method = "delete",
        operation_id = "adminEndSession"
    )]
    async fn end_session(
        &self,
        operator: AdminWriter,
        /// The id of the session.
        id: Path<Uuid>,
    ) -> Result<Ended, ApiError> {
        if end_one_session(&self.0, &operator.0, SessionId(id.0)).await? {
            Ok(Ended::Ended)
        } else {
            Err(ErrorCode::NotFound.into())
        }
    }

    /// End the sessions of all accounts that fit a filter
    ///
    /// Ends sessions that began before a time, and returns how many. With `dry_run` it ends none and returns how many
    /// fit. One request looks at 20,000 sessions and ends 10,000 at most; `next` says where to go on.
    ///
    /// Answers 400 `validation_error` without `before` or for a parameter that is not acceptable.
    #[oai(path = "/api/admin/sessions", method = "delete", operation_id = "adminEndSessions")]
    async fn end_sessions(
        &self,
        operator: AdminWriter,
        /// Sessions that began before this time. Required.
        before: Query<Option<Moment>>,
        /// Only sessions with this transport.
        kind: Query<Option<Kind>>,
        /// Whether to count only.
        dry_run: Query<Option<Flag>>,
        /// The value of `next` from the request before.
        after: Query<Option<After>>,
    ) -> Result<Json<EndedSessionsResponse>, ApiError> {
        let SessionSelection {
            filter,
            after,
            is_dry_run,
        } = SessionSelection::read(before.0, kind.0, dry_run.0, after.0)?;
        let matched = if is_dry_run {
            count_matching_sessions(&self.0, &filter, after).await?
        } else {
            end_matching_sessions(&self.0, &operator.0, &filter, after).await?
        };
        Ok(Json(EndedSessionsResponse {
            ended: matched.number,
            more: matched.next.is_some(),
            next: matched.next.map(|SessionId(id)| id),
        }))
    }
}

impl AdminSession {
    fn of(session: ListedSession) -> Self {
        let methods = Methods::from_column(session.amr.as_deref());
        Self {
            id: session.id.0,
            kind: session.kind,
            created_at: Time(session.created_at),
            authenticated_at: Time(session.authenticated_at.unwrap_or(session.created_at)),
            amr: methods.names().into_iter().map(Into::into).collect(),
            last_seen_at: Time(session.last_seen_at),
            expires_at: Time(session.idle_expires_at),
            ip: session.ip.into(),
            user_agent: session.user_agent.into(),
        }
    }
}

impl Example for AdminSession {
    fn example() -> Self {
        let signed_in = example::signed_in();
        Self {
            id: signed_in.session_id.0,
            kind: "cookie".to_owned(),
            created_at: Time(signed_in.created_at),
            authenticated_at: Time(signed_in.authenticated_at),
            amr: signed_in.methods.names().into_iter().map(Into::into).collect(),
            last_seen_at: Time(signed_in.last_seen_at),
            expires_at: Time(signed_in.expires_at()),
            ip: Some("203.0.113.7".to_owned()).into(),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0".to_owned()).into(),
        }
    }
}

impl Example for EndedSessionsResponse {
    fn example() -> Self {
        Self {
            ended: 10_000,
            more: true,
            next: Some(example::signed_in().session_id.0),
        }
    }
}
