//! The command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app;
use crate::config::{self, Settings};

mod health;
mod keys;
mod openapi;
mod serve;
pub mod settings;

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
    Serve,
    /// Apply the migrations that the database lacks, and exit
    Migrate,
    /// Manage the keys that sign access tokens
    Keys {
        #[command(subcommand)]
        command: keys::KeysCommand,
    },
    /// Write the OpenAPI document as openapi.json and openapi.yaml
    Openapi {
        /// Folder to write to
        #[arg(default_value = "openapi")]
        folder: PathBuf,
    },
    /// Check that the service on this machine is ready; exits with 0 if it is
    Health,
    /// Print docs/settings.md: every setting with its default
    Settings,
}

impl Cli {
    /// Reads the command line, the environment and the settings file; exits with an error message if they are invalid.
    pub fn read() -> anyhow::Result<Self> {
        let cli = Self::parse();
        let Some(path) = &cli.settings.config else {
            return Ok(cli);
        };
        let command = config::with_defaults_of(Self::command(), path)?;
        Ok(Self::from_arg_matches(&command.get_matches())?)
    }

    pub async fn run(self) -> anyhow::Result<()> {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::serve(&self.settings).await,
            Command::Keys { command } => keys::run(command, &self.settings).await,
            Command::Migrate => {
                app::migrate(self.settings.database_url()).await?;
                println!("The database is up to date.");
                Ok(())
            }
            Command::Openapi { folder } => openapi::write(&folder).context("writing the OpenAPI document"),
            Command::Settings => {
                print!("{}", settings::page());
                Ok(())
            }
            Command::Health => health::ask(self.settings.listen()).context("the service is not ready"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
