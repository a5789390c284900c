//! `neptun-auth sessions`: lists and ends sessions, as the admin API does.

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::moment::moment;
use super::printable::json_line;
use super::remote::RemoteArgs;
use super::say::{report, say};
use super::table::table;
use super::targets::Target;
use super::users::time;
use crate::config::Settings;
use crate::model::session::ended::SessionFilter;
use crate::model::session::{ListedSession, SessionKind};

#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List the live sessions of an account, the most recently used first
    List {
        /// Address, user name or id of the account
        user: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End sessions: one, all of an account, or all that began before a time
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    which: Which,
    /// With --before: only sessions with this transport
    #[arg(long, requires = "before")]
    kind: Option<Kind>,
    /// With --before: print how many fit, and end none
    #[arg(long, requires = "before")]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Id of one session
    #[arg(long, value_name = "ID")]
    session: Option<Uuid>,
    /// Address, user name or id of an account
    #[arg(long)]
    user: Option<String>,
    /// All sessions that began before this time, as in 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    before: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Cookie,
    Token,
}

pub async fn run(command: SessionsCommand, remote: &RemoteArgs, settings: &Settings) -> anyhow::Result<()> {
    let target = Target::open(remote, settings).await?;
    let outcome = match command {
        SessionsCommand::List { user, json } => list(&target, &user, json).await,
        SessionsCommand::Revoke(arguments) => revoke(&target, arguments).await,
    };
    target.close().await;
    outcome
}

async fn list(target: &Target, user: &str, as_json: bool) -> anyhow::Result<()> {
    let sessions = target.sessions_of(target.find(user).await?.id).await?;
    if as_json {
        let objects: Vec<_> = sessions.iter().map(object).collect();
        return Ok(say(&json_line(&json!(objects)))?);
    }
    if sessions.is_empty() {
        return Ok(say("The account has no live session.\n")?);
    }
    let rows: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            [
                session.id.0.to_string(),
                session.kind,
                time(session.created_at),
                time(session.last_seen_at),
                session.ip.unwrap_or_default(),
            ]
        })
        .collect();
    Ok(say(&table(["ID", "KIND", "STARTED", "LAST USED", "ADDRESS"], &rows))?)
}

fn object(session: &ListedSession) -> Value {
    json!({
        "id": session.id,
        "kind": session.kind,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.idle_expires_at,
        "ip": session.ip,
        "user_agent": session.user_agent,
    })
}

async fn revoke(target: &Target, arguments: RevokeArgs) -> anyhow::Result<()> {
    let kind = arguments.kind.map(|kind| match kind {
        Kind::Cookie => SessionKind::Cookie,
        Kind::Token => SessionKind::Token,
    });
    let ended = if let Some(id) = arguments.which.session {
        target.end_session(id).await?;
        1
    } else if let Some(user) = &arguments.which.user {
        target.end_sessions_of(target.find(user).await?.id).await?
    } else {
        let before = arguments.which.before.context("say which sessions")?;
        target
            .end_matching(&SessionFilter { before, kind }, arguments.dry_run)
            .await?
    };
    let sessions = if ended == 1 { "session" } else { "sessions" };
    report(&match (arguments.json, arguments.dry_run) {
        (true, _) => json_line(&json!({ "ended": ended })),
        (false, true) => format!("{ended} {sessions} would end.\n"),
        (false, false) => format!("{ended} {sessions} ended.\n"),
    });
    Ok(())
}
