//! `neptun-auth sessions`: lists and ends sessions, as the admin API does.

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::moment::moment;
use super::printable::json_line;
use super::say::{report, say};
use super::table::table;
use super::users::time;
use crate::app::App;
use crate::config::Settings;
use crate::flows::admin::count_matching_sessions::count_matching_sessions;
use crate::flows::admin::end_matching_sessions::end_matching_sessions;
use crate::flows::admin::end_one_session::end_one_session;
use crate::flows::admin::end_sessions_of::end_sessions_of;
use crate::flows::admin::find_user::find_user;
use crate::flows::admin::list_sessions_of::list_sessions_of;
use crate::model::admin::Operator;
use crate::model::id::{SessionId, UserId};
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

pub async fn run(command: SessionsCommand, settings: &Settings) -> anyhow::Result<()> {
    let app = App::open(settings.setup()?).await?;
    let outcome = match command {
        SessionsCommand::List { user, json } => list(&app, &user, json).await,
        SessionsCommand::Revoke(arguments) => revoke(&app, arguments).await,
    };
    app.close().await;
    outcome
}

async fn find(app: &App, name: &str) -> anyhow::Result<UserId> {
    let found = find_user(app, name).await?;
    let found =
        found.with_context(|| format!("there is no account {name}; `neptun-auth users list` shows accounts"))?;
    Ok(found.id)
}

async fn list(app: &App, user: &str, as_json: bool) -> anyhow::Result<()> {
    let sessions = list_sessions_of(app, find(app, user).await?).await?.unwrap_or_default();
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

async fn revoke(app: &App, arguments: RevokeArgs) -> anyhow::Result<()> {
    let operator = Operator::at_command_line();
    let kind = arguments.kind.map(|kind| match kind {
        Kind::Cookie => SessionKind::Cookie,
        Kind::Token => SessionKind::Token,
    });
    let ended = if let Some(id) = arguments.which.session {
        ensure!(
            end_one_session(app, &operator, SessionId(id)).await?,
            "there is no live session {id}; `neptun-auth sessions list` shows those of an account"
        );
        1
    } else if let Some(user) = &arguments.which.user {
        let user = find(app, user).await?;
        end_sessions_of(app, &operator, user).await?.unwrap_or_default()
    } else {
        let before = arguments.which.before.context("say which sessions")?;
        revoke_before(app, &operator, SessionFilter { before, kind }, arguments.dry_run).await?
    };
    let sessions = if ended == 1 { "session" } else { "sessions" };
    report(&match (arguments.json, arguments.dry_run) {
        (true, _) => json_line(&json!({ "ended": ended })),
        (false, true) => format!("{ended} {sessions} would end.\n"),
        (false, false) => format!("{ended} {sessions} ended.\n"),
    });
    Ok(())
}

/// Goes on until no session fits.
async fn revoke_before(app: &App, operator: &Operator, filter: SessionFilter, dry_run: bool) -> anyhow::Result<u64> {
    let (mut number, mut after) = (0, None);
    loop {
        let matched = if dry_run {
            count_matching_sessions(app, &filter, after).await?
        } else {
            end_matching_sessions(app, operator, &filter, after).await?
        };
        number += matched.number;
        after = matched.next;
        if after.is_none() {
            return Ok(number);
        }
    }
}
