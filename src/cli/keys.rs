//! `neptun-auth keys`: the keys that sign access tokens.

use clap::Subcommand;

use super::say::report;
use crate::app::App;
use crate::config::Settings;
use crate::flows::operator::rotate_keys::rotate_keys;
use crate::model::token::signing_key::ACTIVATION_DELAY;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Add a signing key; it signs after ten minutes, when every cache of the public keys has fetched it
    Rotate,
}

pub async fn run(command: KeysCommand, settings: &Settings) -> anyhow::Result<()> {
    let KeysCommand::Rotate = command;
    let app = App::open(settings.setup()?).await?;
    rotate_keys(&app).await?;
    app.close().await;
    report(&format!(
        "A new key will sign tokens in {} minutes; the old one verifies its tokens until they expire.\n",
        ACTIVATION_DELAY.num_minutes()
    ));
    Ok(())
}
