//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use serde_json::json;

use crate::app::{self, collector};
use crate::config::{Settings, layers};
use crate::telemetry;

mod admin_keys;
mod backup;
mod completions;
mod copy;
mod doctor;
mod events;
mod export;
mod health;
mod import;
mod keys;
mod moment;
mod openapi;
mod outage;
mod printable;
mod progress;
mod remote;
mod restore;
mod say;
mod secret_input;
mod serve;
mod sessions;
pub mod settings;
mod table;
mod targets;
mod users;
mod webhooks;

use printable::json_line;
use remote::RemoteArgs;
pub use say::{end, misuse};
use say::{quit, report, say};
use serve::ServeArgs;

/// Sign-up, log-in and session service to run next to your web app
#[derive(Debug, Parser)]
#[command(name = "neptun-auth", version)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve requests (the default command)
    Serve(serve::ServeArgs),
    /// Apply the migrations that the database lacks, and exit
    Migrate {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Find, create, change and delete accounts
    Users {
        #[command(flatten)]
        remote: RemoteArgs,
        #[command(subcommand)]
        command: users::UsersCommand,
    },
    /// List and end sessions
    Sessions {
        #[command(flatten)]
        remote: RemoteArgs,
        #[command(subcommand)]
        command: sessions::SessionsCommand,
    },
    /// Follow and export the audit log
    Events {
        #[command(flatten)]
        remote: RemoteArgs,
        #[command(subcommand)]
        command: events::EventsCommand,
    },
    /// Manage the keys that sign access tokens, and those for the admin API
    Keys {
        #[command(subcommand)]
        command: keys::KeysCommand,
    },
    /// Import the accounts of another system, with their password hashes
    Import(import::ImportArgs),
    /// Export all accounts, with their password hashes
    Export(export::ExportArgs),
    /// Copy the SQLite database to a file while the service runs, with its secret key in a second file
    Backup(backup::BackupArgs),
    /// Take over a copy of the database: ends all sessions, and deletes accounts that were deleted since
    Restore(restore::RestoreArgs),
    /// Copy the SQLite database into an empty PostgreSQL database: accounts, sessions and keys
    Copy(copy::CopyArgs),
    /// Manage the webhooks, by which other services are told of events
    Webhooks {
        #[command(subcommand)]
        command: webhooks::WebhooksCommand,
    },
    /// Write the OpenAPI document as openapi.json and openapi.yaml
    Openapi {
        /// Folder to write to
        #[arg(default_value = "openapi")]
        folder: PathBuf,
    },
    /// Check that the service on this machine is ready; exits with 0 if it is
    Health,
    /// Look for what keeps people signed out: settings, cookies, pages; exits with 0 if all is right, with 1 if not,
    /// and with 2 if it can't look
    Doctor(doctor::DoctorArgs),
    /// Print docs/settings.md: every setting with its default
    Settings,
    /// Print what completes commands and options in a shell
    Completions { shell: clap_complete::Shell },
    /// Write a manual page for each command
    Man {
        /// Folder to write to
        folder: PathBuf,
    },
}

impl Command {
    /// Whether it prints what other programs read, and logs nothing.
    fn is_silent(&self) -> bool {
        matches!(
            self,
            Self::Openapi { .. }
                | Self::Settings
                | Self::Health
                | Self::Doctor(_)
                | Self::Completions { .. }
                | Self::Man { .. }
        )
    }
}

/// The settings that each command shows in its help, by their headings or names. `serve` shows all. The others take
/// all too, so that one environment and one file serve every command.
const SHOWN: [(&str, &[&str]); 17] = [
    ("users", &["config", "Database", "public_url", "recovery_url"]),
    ("sessions", &["config", "Database"]),
    ("events", &["config", "Database"]),
    ("migrate", &["config", "Database"]),
    (
        "import",
        &["config", "Database", "imported_pepper_file", "firebase_signer_key_file"],
    ),
    ("export", &["config", "Database"]),
    ("backup", &["config", "Database"]),
    ("restore", &["config", "Database"]),
    ("copy", &["config", "Database"]),
    ("keys", &["config", "Database"]),
    ("webhooks", &["config", "Database"]),
    ("openapi", &[]),
    ("health", &["config", "listen", "port"]),
    ("doctor", &["config", "Network", "Sessions", "Database"]),
    ("settings", &[]),
    ("completions", &[]),
    ("man", &[]),
];

/// The command line. Each command has its own copies of the settings, so that its help shows only those it uses.
#[must_use]
pub fn command() -> clap::Command {
    with_settings(|setting, is_shown| Some(setting.clone().hide(setting.is_hide_set() || !is_shown)))
}

/// The command line for completions and the manual: each command has only the settings that its help shows. Commands
/// below another one leave them to that.
fn shown_command() -> clap::Command {
    let own = |setting: &Arg, is_shown: bool| is_shown.then(|| setting.clone().global(false));
    with_settings(own).mut_args(|setting| setting.global(false))
}

/// Gives each command what `own` makes of a setting and of whether the help of that command shows it.
fn with_settings(own: impl Fn(&Arg, bool) -> Option<Arg>) -> clap::Command {
    let command = Cli::command();
    let settings: Vec<_> = command.get_arguments().cloned().collect();
    SHOWN.into_iter().fold(command, |command, (name, shown)| {
        let own = settings.iter().filter_map(|setting| {
            let heading = setting.get_help_heading().unwrap_or_default();
            let is_shown = shown.iter().any(|name| heading == *name || setting.get_id() == *name);
            own(setting, is_shown)
        });
        let own: Vec<_> = own.collect();
        command.mut_subcommand(name, |subcommand| subcommand.args(own))
    })
}

impl Cli {
    /// Reads the command line, the environment and the settings file; exits with an error message if they are invalid.
    pub fn read() -> anyhow::Result<Self> {
        let read = layers::read(command())?;
        Ok(read
            .and_then(|matches| Self::from_arg_matches(&matches))
            .unwrap_or_else(|error| quit(&error)))
    }

    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let command = self.command.unwrap_or(Command::Serve(ServeArgs::default()));
        let setup = matches!(command, Command::Serve(_)).then(|| self.settings.traces());
        let traces = setup.transpose()?.flatten().map(collector::start).transpose()?;
        if !command.is_silent() {
            let operation = &self.settings.operation;
            // The other commands may read whole tables, which takes its time and is nothing to warn of.
            let quiet = if matches!(command, Command::Serve(_)) {
                ""
            } else {
                "sqlx=error,"
            };
            let log = format!("{quiet}{}", operation.log);
            telemetry::start_logs(&log, operation.log_format, traces.as_ref())?;
        }
        let done = match command {
            Command::Doctor(arguments) => return Ok(doctor::run(&arguments, &self.settings).await),
            Command::Serve(arguments) => serve::serve(&arguments, &self.settings, traces).await,
            Command::Users { remote, command } => users::run(command, &remote, &self.settings).await,
            Command::Sessions { remote, command } => sessions::run(command, &remote, &self.settings).await,
            Command::Events { remote, command } => events::run(command, &remote, &self.settings).await,
            Command::Keys { command } => keys::run(command, &self.settings).await,
            Command::Webhooks { command } => webhooks::run(command, &self.settings).await,
            Command::Migrate { json } => migrate(&self.settings, json).await,
            Command::Import(arguments) => import::run(arguments, &self.settings).await,
            Command::Export(arguments) => export::run(arguments, &self.settings).await,
            Command::Backup(arguments) => backup::run(arguments, &self.settings).await,
            Command::Restore(arguments) => restore::run(arguments, &self.settings).await,
            Command::Copy(arguments) => copy::run(arguments, &self.settings).await,
            Command::Openapi { folder } => openapi::write(&folder).context("writing the OpenAPI document"),
            Command::Settings => say(&settings::page()).context("writing to standard output"),
            Command::Completions { shell } => say(&completions::text(shell)).context("writing to standard output"),
            Command::Man { folder } => completions::write_manual(&folder),
            Command::Health => health::ask(self.settings.listen()).context("the service is not ready"),
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}

async fn migrate(settings: &Settings, as_json: bool) -> anyhow::Result<()> {
    app::migrate(&settings.database()?).await?;
    report(&if as_json {
        json_line(&json!({ "is_up_to_date": true }))
    } else {
        "The database is up to date.\n".to_owned()
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
