//! `neptun-auth keys`: the keys that sign access tokens, and those for the admin API.

use clap::Subcommand;

use super::admin_keys::{self, AdminKeysCommand};
use super::say::report;
use crate::app::App;
use crate::config::Settings;
use crate::flows::operator::rotate_keys::rotate_keys;
use crate::model::token::signing_key::ACTIVATION_DELAY;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Add a signing key; it signs after ten minutes, when every cache of the public keys has fetched it
    Rotate,
    /// Manage the keys for the admin API
    Admin {
        #[command(subcommand)]
        command: AdminKeysCommand,
    },
}

pub async fn run(command: KeysCommand, settings: &Settings) -> anyhow::Result<()> {
    let app = App::open(settings.setup()?).await?;
    let outcome = match command {
        KeysCommand::Rotate => rotate(&app).await,
        KeysCommand::Admin { command } => admin_keys::run(command, &app).await,
    };
    app.close().await;
    outcome
}

async fn rotate(app: &App) -> anyhow::Result<()> {
    rotate_keys(app).await?;
    report(&format!(
        "A new key will sign tokens in {} minutes; the old one verifies its tokens until they expire.\n",
        ACTIVATION_DELAY.num_minutes()
    ));
    Ok(())
}
