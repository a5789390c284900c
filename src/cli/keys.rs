//! `neptun-auth keys`: the keys that sign access tokens, and those for the admin API.

use clap::Subcommand;
use serde_json::{Value, json};

use super::admin_keys::{self, AdminKeysCommand};
use super::printable::json_line;
use super::progress::Progress;
use super::say::{report, say};
use super::table::table;
use super::users::time;
use crate::app::App;
use crate::config::Settings;
use crate::flows::operator::list_signing_keys::list_signing_keys;
use crate::flows::operator::reseal::reseal;
use crate::flows::operator::rotate_keys::rotate_keys;
use crate::model::token::signing_key::{ACTIVATION_DELAY, StoredKey};

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Add a signing key; it signs after ten minutes, when every cache of the public keys has fetched it
    Rotate {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the signing keys, in the order in which they sign
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Seal everything under the new secret key; can be killed and run again
    Reseal {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Manage the keys for the admin API
    Admin {
        #[command(subcommand)]
        command: AdminKeysCommand,
    },
}

pub async fn run(command: KeysCommand, settings: &Settings) -> anyhow::Result<()> {
    let app = App::open(settings.setup()?).await?;
    let outcome = match command {
        KeysCommand::Rotate { json } => rotate(&app, json).await,
        KeysCommand::List { json } => list(&app, json).await,
        KeysCommand::Reseal { json } => reseal_all(&app, json).await,
        KeysCommand::Admin { command } => admin_keys::run(command, &app).await,
    };
    app.close().await;
    outcome
}

async fn rotate(app: &App, as_json: bool) -> anyhow::Result<()> {
    rotate_keys(app).await?;
    if as_json {
        // The new key is the last to sign.
        let (keys, current) = list_signing_keys(app).await?;
        let new = keys.iter().max_by_key(|key| key.number);
        report(&json_line(&json!(new.map(|key| object(key, state(key, current))))));
        return Ok(());
    }
    report(&format!(
        "A new key will sign tokens in {} minutes; the old one verifies its tokens until they expire.\n",
        ACTIVATION_DELAY.num_minutes()
    ));
    Ok(())
}

async fn list(app: &App, as_json: bool) -> anyhow::Result<()> {
    let (keys, current) = list_signing_keys(app).await?;
    let states = keys.iter().map(|key| (key, state(key, current)));
    if as_json {
        let all: Vec<Value> = states.map(|(key, state)| object(key, state)).collect();
        return Ok(say(&json_line(&json!(all)))?);
    }
    let row = |(key, state): (&StoredKey, &str)| {
        let (created_at, active_at) = (time(key.created_at), time(key.active_at));
        [key.kid.clone(), state.to_owned(), created_at, active_at]
    };
    let rows: Vec<_> = states.map(row).collect();
    Ok(say(&table(["ID", "STATE", "CREATED", "SIGNS FROM"], &rows))?)
}

/// What the key does now; keys sign in the order of their numbers.
fn state(key: &StoredKey, current: Option<i64>) -> &'static str {
    match current {
        Some(current) if key.number == current => "signs",
        Some(current) if key.number < current => "verifies",
        _ => "published",
    }
}

fn object(key: &StoredKey, state: &str) -> Value {
    json!({ "id": key.kid, "state": state, "created_at": key.created_at, "signs_from": key.active_at })
}

async fn reseal_all(app: &App, as_json: bool) -> anyhow::Result<()> {
    let mut bar = Progress::start();
    let mut show = |seen: u64, all: u64| {
        let thousandths = seen.saturating_mul(1000) / all.max(1);
        bar.show(thousandths, &format!("{seen} of {all} authenticator apps"));
    };
    let resealed = reseal(app, &mut show).await;
    drop(bar);
    let resealed = resealed?;
    if as_json {
        report(&json_line(&json!({
            "authenticator_apps": resealed.authenticator_apps,
            "webhooks": resealed.webhooks,
            "mails": resealed.mails,
            "signing_keys": resealed.signing_keys,
        })));
        return Ok(());
    }
    report(&format!(
        "Sealed under the present secret key: {} authenticator apps, {} webhooks, {} mails, {} signing keys.\n",
        resealed.authenticator_apps, resealed.webhooks, resealed.mails, resealed.signing_keys
    ));
    Ok(())
}
