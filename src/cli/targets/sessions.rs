//! Sessions.

use anyhow::ensure;
use uuid::Uuid;

use super::{Target, answers};
use crate::flows::admin::count_matching_sessions::count_matching_sessions;
use crate::flows::admin::end_matching_sessions::end_matching_sessions;
use crate::flows::admin::end_one_session::end_one_session;
use crate::flows::admin::end_sessions_of::end_sessions_of;
use crate::flows::admin::list_sessions_of::list_sessions_of;
use crate::model::admin::Operator;
use crate::model::id::{SessionId, UserId};
use crate::model::session::ended::SessionFilter;
use crate::model::session::{ListedSession, SessionKind};

impl Target {
    pub async fn sessions_of(&self, user: UserId) -> anyhow::Result<Vec<ListedSession>> {
        match self {
            Self::Database(app) => Ok(list_sessions_of(app, user).await?.unwrap_or_default()),
            Self::Service(remote) => {
                let sessions: Vec<answers::Session> = remote.get(&path(user), &[]).await?;
                Ok(sessions.into_iter().map(Into::into).collect())
            }
        }
    }

    pub async fn end_session(&self, id: Uuid) -> anyhow::Result<()> {
        match self {
            Self::Database(app) => {
                ensure!(
                    end_one_session(app, &Operator::at_command_line(), SessionId(id)).await?,
                    "there is no live session {id}; `neptun-auth sessions list` shows those of an account"
                );
                Ok(())
            }
            Self::Service(remote) => remote.delete(&format!("sessions/{id}"), &[]).await,
        }
    }

    /// Ends all sessions of the account; returns how many.
    pub async fn end_sessions_of(&self, user: UserId) -> anyhow::Result<u64> {
        match self {
            Self::Database(app) => {
                let ended = end_sessions_of(app, &Operator::at_command_line(), user).await?;
                Ok(ended.unwrap_or_default())
            }
            Self::Service(remote) => {
                let ended: answers::Ended = remote.delete(&path(user), &[]).await?;
                Ok(ended.ended)
            }
        }
    }

    /// Ends sessions until none fits; returns how many. With `is_dry_run` it counts them only.
    pub async fn end_matching(&self, filter: &SessionFilter, is_dry_run: bool) -> anyhow::Result<u64> {
        let (mut number, mut after) = (0, None);
        loop {
            let (ended, next) = self.end_some(filter, is_dry_run, after).await?;
            number += ended;
            if next.is_none() {
                return Ok(number);
            }
            after = next;
        }
    }

    async fn end_some(
        &self,
        filter: &SessionFilter,
        is_dry_run: bool,
        after: Option<SessionId>,
    ) -> anyhow::Result<(u64, Option<SessionId>)> {
        let remote = match self {
            Self::Database(app) => {
                let matched = if is_dry_run {
                    count_matching_sessions(app, filter, after).await?
                } else {
                    end_matching_sessions(app, &Operator::at_command_line(), filter, after).await?
                };
                return Ok((matched.number, matched.next));
            }
            Self::Service(remote) => remote,
        };
        let (before, began_at) = (filter.before.to_rfc3339(), after);
        let after = after.map(|SessionId(id)| id.to_string());
        let kind = filter.kind.as_ref().map(|kind| match kind {
            SessionKind::Cookie => "cookie",
            SessionKind::Token => "token",
        });
        let given = [
            ("before", Some(before.as_str())),
            ("kind", kind),
            ("dry_run", is_dry_run.then_some("true")),
            ("after", after.as_deref()),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let ended: answers::Ended = remote.delete("sessions", &given.collect::<Vec<_>>()).await?;
        let next = ended.next.map(SessionId);
        if next.is_some() {
            remote.ensure_moves_on(&began_at, &next)?;
        }
        Ok((ended.ended, next))
    }
}

fn path(UserId(user): UserId) -> String {
    format!("users/{user}/sessions")
}
