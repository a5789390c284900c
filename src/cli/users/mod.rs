//! `neptun-auth users`: finds, creates, changes and deletes accounts, as the admin API does.

mod create;
mod invite;
mod show;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::moment::moment;
use super::printable::json_line;
use super::say::{report, say};
use super::secret_input;
use crate::app::App;
use crate::config::Settings;
use crate::flows::admin::change_admin_right::change_admin_right;
use crate::flows::admin::change_user::{PasswordChange, UserChanges, change_user};
use crate::flows::admin::delete_user::delete_user;
use crate::flows::admin::find_user::find_user;
use crate::flows::admin::list_deletions::list_deletions;
use crate::flows::admin::list_users::list_users;
use crate::flows::admin::make_recovery_link::make_recovery_link;
use crate::model::admin::Operator;
use crate::model::admin::place::UserPlace;
use crate::model::admin::search::Search;
use crate::model::event::Deletion;
use crate::model::user::listed::ListedUser;
use create::CreateArgs;
use invite::InviteArgs;
pub use show::time;

#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// List accounts: those whose address, user name or id begins like QUERY, or the newest
    List(ListArgs),
    /// Show one account
    Show(One),
    /// Create an account; without a password its owner sets one by mail or with a recovery link
    Create(CreateArgs),
    /// Invite a guest: make an account without a password, and mail a link that sets one; valid for 7 days
    Invite(InviteArgs),
    /// Disable an account: it is out at once and can't log in
    Disable(One),
    /// Enable a disabled account
    Enable(One),
    /// Verify the address of an account on your word
    VerifyEmail(One),
    /// Set or remove the password of an account; ends its sessions and mails a notice to its owner
    SetPassword(PasswordArgs),
    /// Print a link, or its key, with which the owner sets a new password; valid for 24 hours
    RecoveryLink(One),
    /// Let the sessions of an account use the admin API; it needs a verified address and an authenticator
    /// app. Ends its sessions
    MakeAdmin(One),
    /// Take that right again
    RemoveAdmin(One),
    /// Print the ids of deleted accounts, for `restore --deletions`
    Deleted {
        /// Only those deleted since this time, as in 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<DateTime<Utc>>,
    },
    /// Delete an account and everything stored about it
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// An address, a user name or an id, or the beginning of one
    query: Option<String>,
    /// Number of accounts to print
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on from this place: the list before ends with it
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct One {
    /// Address, user name or id of the account
    user: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct PasswordArgs {
    #[command(flatten)]
    one: One,
    /// File with the new password in its first line; - for standard input
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "remove",
        conflicts_with = "remove"
    )]
    password_file: Option<PathBuf>,
    /// Remove the password
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    #[command(flatten)]
    one: One,
    /// Confirm that the account is to be deleted; it can't be brought back
    #[arg(long)]
    yes: bool,
}

pub async fn run(command: UsersCommand, settings: &Settings) -> anyhow::Result<()> {
    let app = App::open(settings.setup()?).await?;
    let outcome = act(command, &app).await;
    app.close().await;
    outcome
}

async fn act(command: UsersCommand, app: &App) -> anyhow::Result<()> {
    match command {
        UsersCommand::List(arguments) => list(app, arguments).await,
        UsersCommand::Show(one) => {
            let user = find(app, &one.user).await?;
            Ok(say(&show::one(&user, one.json))?)
        }
        UsersCommand::Create(arguments) => {
            let json = arguments.json;
            let user = create::create(app, arguments).await?;
            report(&show::one(&user, json));
            Ok(())
        }
        UsersCommand::Invite(arguments) => {
            let json = arguments.json;
            let invited = invite::invite(app, arguments).await?;
            report(&show::invited(&invited, json));
            Ok(())
        }
        UsersCommand::Disable(one) => change(app, one, disabled(true)).await,
        UsersCommand::Enable(one) => change(app, one, disabled(false)).await,
        UsersCommand::VerifyEmail(one) => {
            let changes = UserChanges {
                verify_email: true,
                ..UserChanges::default()
            };
            change(app, one, changes).await
        }
        UsersCommand::SetPassword(arguments) => set_password(app, arguments).await,
        UsersCommand::RecoveryLink(one) => print_recovery_link(app, &one).await,
        UsersCommand::MakeAdmin(one) => change_right(app, &one, true).await,
        UsersCommand::RemoveAdmin(one) => change_right(app, &one, false).await,
        UsersCommand::Deleted { since } => list_deleted(app, since.unwrap_or(DateTime::UNIX_EPOCH)).await,
        UsersCommand::Delete(arguments) => delete(app, arguments).await,
    }
}

async fn find(app: &App, name: &str) -> anyhow::Result<ListedUser> {
    let found = find_user(app, name).await?;
    found.with_context(|| format!("there is no account {name}; `neptun-auth users list` shows accounts"))
}

async fn list(app: &App, arguments: ListArgs) -> anyhow::Result<()> {
    let search = arguments.query.as_deref().map(Search::parse).transpose()?;
    let from = match &arguments.before {
        Some(text) => Some(UserPlace::parse(text).context("--before is no place of a list before")?),
        None => None,
    };
    let page = list_users(app, search.as_ref(), from, arguments.limit).await?;
    let next = page.next.map(|next| next.text());
    Ok(say(&show::many(&page.users, next.as_deref(), arguments.json))?)
}

fn disabled(disabled: bool) -> UserChanges {
    UserChanges {
        disabled: Some(disabled),
        ..UserChanges::default()
    }
}

async fn change(app: &App, one: One, changes: UserChanges) -> anyhow::Result<()> {
    let user = find(app, &one.user).await?;
    let user = change_user(app, &Operator::at_command_line(), user.id, changes).await?;
    report(&show::one(&user, one.json));
    Ok(())
}

async fn set_password(app: &App, arguments: PasswordArgs) -> anyhow::Result<()> {
    let user = find(app, &arguments.one.user).await?;
    let password = match arguments.password_file {
        Some(file) => PasswordChange::Set(create::checked(app, &secret_input::read(&file)?, &user.email)?),
        None => PasswordChange::Remove,
    };
    let changes = UserChanges {
        password,
        ..UserChanges::default()
    };
    change(app, arguments.one, changes).await
}

async fn print_recovery_link(app: &App, one: &One) -> anyhow::Result<()> {
    let user = find(app, &one.user).await?;
    ensure!(
        user.admin_at.is_none(),
        "an account with the admin right takes no link; use `neptun-auth users set-password`"
    );
    let made = make_recovery_link(app, &Operator::at_command_line(), user.id).await?;
    let (key, url) = (made.key.reveal(), made.url.as_ref().map(ToString::to_string));
    report(&if one.json {
        json_line(&json!({ "key": key, "url": url, "expires_at": made.expires_at }))
    } else {
        let shown = url.as_deref().unwrap_or(key);
        format!(
            "{shown}\nValid until {} and for one use.\n",
            show::time(made.expires_at)
        )
    });
    Ok(())
}

async fn change_right(app: &App, one: &One, give: bool) -> anyhow::Result<()> {
    let user = find(app, &one.user).await?;
    change_admin_right(app, user.id, give).await?;
    report(&show::one(&find(app, &user.id.0.to_string()).await?, one.json));
    Ok(())
}

async fn list_deleted(app: &App, since: DateTime<Utc>) -> anyhow::Result<()> {
    let mut write = |page: &[Deletion]| {
        let lines = page
            .iter()
            .map(|deletion| format!("{} {}\n", deletion.user_id.0, time(deletion.happened_at)));
        Ok(say(&lines.collect::<String>())?)
    };
    list_deletions(app, since, &mut write).await
}

async fn delete(app: &App, arguments: DeleteArgs) -> anyhow::Result<()> {
    let user = find(app, &arguments.one.user).await?;
    ensure!(
        arguments.yes,
        "this deletes the account {} for good; add --yes to confirm",
        user.shown_email()
    );
    delete_user(app, &Operator::at_command_line(), user.id).await?;
    report(&if arguments.one.json {
        json_line(&json!({ "deleted": user.id }))
    } else {
        format!("The account {} is deleted.\n", user.id.0)
    });
    Ok(())
}
