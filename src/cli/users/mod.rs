//! `neptun-auth users`: finds, creates, changes and deletes accounts, as the admin API does.

mod create;
mod invite;
mod show;

use std::path::PathBuf;

use anyhow::ensure;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::moment::moment;
use super::printable::{json_line, printable};
use super::remote::RemoteArgs;
use super::say::{report, say};
use super::secret_input;
use super::targets::{Change, Target};
use crate::config::Settings;
use crate::flows::admin::change_admin_right::change_admin_right;
use crate::flows::admin::list_deletions::list_deletions;
use crate::model::event::Deletion;
use create::CreateArgs;
pub use create::checked;
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

pub async fn run(command: UsersCommand, remote: &RemoteArgs, settings: &Settings) -> anyhow::Result<()> {
    // With --url the running instance makes the link, and knows its own address.
    let makes_link = matches!(command, UsersCommand::RecoveryLink(_)) && remote.is_database();
    ensure!(
        !makes_link || settings.names_recovery_page(),
        "the link leads to a page of the service: set PUBLIC_URL or RECOVERY_URL as the service has it, or ask a \
         running instance with --url"
    );
    let target = Target::open(remote, settings).await?;
    let outcome = act(command, &target).await;
    target.close().await;
    outcome
}

async fn act(command: UsersCommand, target: &Target) -> anyhow::Result<()> {
    match command {
        UsersCommand::List(arguments) => {
            let (query, before) = (arguments.query.as_deref(), arguments.before.as_deref());
            let (users, next) = target.list_users(query, before, arguments.limit).await?;
            Ok(say(&show::many(&users, next.as_deref(), arguments.json))?)
        }
        UsersCommand::Show(one) => Ok(say(&show::one(&target.find(&one.user).await?, one.json))?),
        UsersCommand::Create(arguments) => {
            let json = arguments.json;
            let user = create::create(target, arguments).await?;
            report(&show::one(&user, json));
            Ok(())
        }
        UsersCommand::Invite(arguments) => {
            let json = arguments.json;
            let invited = invite::invite(target, arguments).await?;
            report(&show::invited(&invited, json));
            Ok(())
        }
        UsersCommand::Disable(one) => change(target, one, Change::Disable).await,
        UsersCommand::Enable(one) => change(target, one, Change::Enable).await,
        UsersCommand::VerifyEmail(one) => change(target, one, Change::VerifyEmail).await,
        UsersCommand::SetPassword(arguments) => {
            let change_of = match &arguments.password_file {
                Some(file) => Change::SetPassword(secret_input::read(file, "password")?),
                None => Change::RemovePassword,
            };
            change(target, arguments.one, change_of).await
        }
        UsersCommand::RecoveryLink(one) => print_recovery_link(target, &one).await,
        UsersCommand::MakeAdmin(one) => change_right(target, &one, true).await,
        UsersCommand::RemoveAdmin(one) => change_right(target, &one, false).await,
        UsersCommand::Deleted { since } => list_deleted(target, since.unwrap_or(DateTime::UNIX_EPOCH)).await,
        UsersCommand::Delete(arguments) => delete(target, arguments).await,
    }
}

async fn change(target: &Target, one: One, change: Change) -> anyhow::Result<()> {
    let user = target.find(&one.user).await?;
    let user = target.change(&user, change).await?;
    report(&show::one(&user, one.json));
    Ok(())
}

async fn print_recovery_link(target: &Target, one: &One) -> anyhow::Result<()> {
    let user = target.find(&one.user).await?;
    let made = target.recovery_link(&user).await?;
    report(&if one.json {
        json_line(&json!({ "key": made.key, "url": made.url, "expires_at": made.expires_at }))
    } else {
        format!(
            "{}\nValid until {} and for one use.\n",
            printable(made.url.as_deref().unwrap_or(&made.key)),
            show::time(made.expires_at)
        )
    });
    Ok(())
}

async fn change_right(target: &Target, one: &One, give: bool) -> anyhow::Result<()> {
    let app = target.database()?;
    let user = target.find(&one.user).await?;
    change_admin_right(app, user.id, give).await?;
    report(&show::one(&target.find(&user.id.0.to_string()).await?, one.json));
    Ok(())
}

async fn list_deleted(target: &Target, since: DateTime<Utc>) -> anyhow::Result<()> {
    let mut write = |page: &[Deletion]| {
        let lines = page
            .iter()
            .map(|deletion| format!("{} {}\n", deletion.user_id.0, time(deletion.happened_at)));
        Ok(say(&lines.collect::<String>())?)
    };
    list_deletions(target.database()?, since, &mut write).await
}

async fn delete(target: &Target, arguments: DeleteArgs) -> anyhow::Result<()> {
    let user = target.find(&arguments.one.user).await?;
    ensure!(
        arguments.yes,
        "this deletes the account {} for good; add --yes to confirm",
        printable(&user.shown_email())
    );
    target.delete_user(user.id).await?;
    report(&if arguments.one.json {
        json_line(&json!({ "deleted": user.id }))
    } else {
        format!("The account {} is deleted.\n", user.id.0)
    });
    Ok(())
}
