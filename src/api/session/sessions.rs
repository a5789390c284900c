//! `/api/auth/sessions`: lists and revokes the sessions of an account.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::api::error::{ApiError, ErrorCode};
use crate::api::example;
use crate::api::formats::Nullable;
use crate::api::guard::CurrentUser;
use crate::api::layers::session::RequestSession;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::session::list_sessions::list_sessions;
use crate::flows::session::revoke_other_sessions::revoke_other_sessions;
use crate::flows::session::revoke_session::{RevokeError, revoke_session};
use crate::model::client::Client;
use crate::model::id::SessionId;
use crate::model::session::methods::Methods;
use crate::model::session::{ListedSession, SignedIn};

pub struct SessionsApi(pub App);

/// One of your sessions.
#[derive(Debug, Object)]
#[oai(example, rename = "ListedSession")]
pub struct ListedSessionResponse {
    /// Use this id to revoke the session. It is not a credential.
    id: Uuid,
    /// Whether this is the session that your request presents.
    current: bool,
    /// The session's transport: `cookie` or `token`.
    kind: String,
    created_at: Time,
    /// The last time at which the client of this session proved that it is you.
    authenticated_at: Time,
    /// How it proved that, as in the current session.
    amr: Vec<String>,
    /// When you last used the session, to within five minutes.
    last_seen_at: Time,
    /// When the session expires if you do not use it again.
    expires_at: Time,
    /// The IP address from which the session was started.
    ip: Nullable<String>,
    /// The `User-Agent` of the client that started the session.
    user_agent: Nullable<String>,
}

/// The number of sessions that were revoked.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RevokedResponse {
    revoked: u64,
}

#[derive(ApiResponse)]
enum RevokeResponse {
    /// The session has ended.
    #[oai(status = 204)]
    Revoked,
}

#[OpenApi(tag = "Tag::Sessions")]
impl SessionsApi {
    /// List your sessions
    ///
    /// Returns every live session of your account, the most recently used first. An account has at most 100 sessions by
    /// cookie and 100 with tokens, unless the operator sets other numbers; a log-in beyond that ends the session that
    /// was not used for longest.
    #[oai(path = "/api/auth/sessions", method = "get", operation_id = "listSessions")]
    async fn list_sessions(&self, user: CurrentUser) -> Result<Json<Vec<ListedSessionResponse>>, ApiError> {
        let sessions = list_sessions(&self.0, user.0.user_id).await?;
        Ok(Json(
            sessions
                .into_iter()
                .map(|session| ListedSessionResponse::of(session, &user.0))
                .collect(),
        ))
    }

    /// Revoke one of your sessions
    ///
    /// Ends the session at once, wherever it is used. If it is the current one, also removes the session cookie.
    /// Answers 404 `not_found` if your account has no live session with this id.
    #[oai(path = "/api/auth/sessions/:id", method = "delete", operation_id = "revokeSession")]
    async fn revoke_session(
        &self,
        user: CurrentUser,
        session: RequestSession,
        /// The session's id from the list of sessions.
        id: Path<Uuid>,
        client: Client,
    ) -> Result<RevokeResponse, ApiError> {
        let id = SessionId(id.0);
        revoke_session(&self.0, &user.0, id, &client).await?;
        if id == user.0.session_id {
            session.discard();
        }
        Ok(RevokeResponse::Revoked)
    }

    /// Revoke all your other sessions
    ///
    /// Ends every session of your account except the current one, and returns how many ended.
    #[oai(path = "/api/auth/sessions", method = "delete", operation_id = "revokeOtherSessions")]
    async fn revoke_other_sessions(
        &self,
        user: CurrentUser,
        client: Client,
    ) -> Result<Json<RevokedResponse>, ApiError> {
        let revoked = revoke_other_sessions(&self.0, &user.0, &client).await?;
        Ok(Json(RevokedResponse { revoked }))
    }
}

impl ListedSessionResponse {
    pub fn of(session: ListedSession, current: &SignedIn) -> Self {
        Self {
            id: session.id.0,
            current: session.id == current.session_id,
            kind: session.kind,
            created_at: Time(session.created_at),
            authenticated_at: Time(session.authenticated_at.unwrap_or(session.created_at)),
            amr: Methods::from_column(session.amr.as_deref())
                .names()
                .into_iter()
                .map(Into::into)
                .collect(),
            last_seen_at: Time(session.last_seen_at),
            expires_at: Time(session.idle_expires_at),
            ip: session.ip.into(),
            user_agent: session.user_agent.into(),
        }
    }
}

impl From<RevokeError> for ApiError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            RevokeError::NotFound => ErrorCode::NotFound.into(),
            RevokeError::Internal(error) => error.into(),
        }
    }
}

impl Example for ListedSessionResponse {
    fn example() -> Self {
        let signed_in = example::signed_in();
        Self {
            id: signed_in.session_id.0,
            current: true,
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

impl Example for RevokedResponse {
    fn example() -> Self {
        Self { revoked: 2 }
    }
}
