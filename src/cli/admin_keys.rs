//! `neptun-auth keys admin`: keys for the admin API.

use anyhow::ensure;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::printable::json_line;
use super::say::{report, say};
use super::table::table;
use super::users::time;
use crate::app::App;
use crate::flows::admin::create_key::create_key;
use crate::flows::admin::list_keys::list_keys;
use crate::flows::admin::revoke_key::revoke_key;
use crate::model::admin::key::{AdminKey, Scopes};

#[derive(Debug, Subcommand)]
pub enum AdminKeysCommand {
    /// Make a key and print it, this once
    Create(CreateArgs),
    /// List all keys, expired ones too
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key; it stops working at once
    Revoke {
        /// Id of the key
        id: Uuid,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Name by which you tell it from others
    #[arg(long)]
    name: String,
    /// Let it read only, or change too
    #[arg(long, default_value = "read")]
    scope: Scope,
    /// Number of days for which it is valid, at most 3650
    #[arg(long, default_value_t = 90)]
    days: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scope {
    /// Look at accounts, sessions and events
    Read,
    /// Change them too
    Write,
}

pub async fn run(command: AdminKeysCommand, app: &App) -> anyhow::Result<()> {
    match command {
        AdminKeysCommand::Create(arguments) => {
            let scopes = match arguments.scope {
                Scope::Read => Scopes::Read,
                Scope::Write => Scopes::ReadAndWrite,
            };
            let (key, secret) = create_key(app, &arguments.name, scopes, arguments.days).await?;
            report(&if arguments.json {
                let mut shown = object(&key);
                shown["key"] = json!(secret.reveal());
                json_line(&shown)
            } else {
                let (secret, until) = (secret.reveal(), time(key.expires_at));
                format!("{secret}\nKeep the key; it is not shown again. It is valid until {until}.\n")
            });
        }
        AdminKeysCommand::List { json } => say(&list(&list_keys(app).await?, json))?,
        AdminKeysCommand::Revoke { id, json } => {
            let was_there = revoke_key(app, id).await?;
            ensure!(
                was_there,
                "there is no key {id}; `neptun-auth keys admin list` shows all"
            );
            report(&if json {
                json_line(&json!({ "id": id }))
            } else {
                "The key is revoked.\n".to_owned()
            });
        }
    }
    Ok(())
}

fn list(keys: &[AdminKey], as_json: bool) -> String {
    if as_json {
        let all: Vec<_> = keys.iter().map(object).collect();
        return json_line(&json!(all));
    }
    if keys.is_empty() {
        return "There are no keys.\n".to_owned();
    }
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            [
                key.id.to_string(),
                key.name.clone(),
                key.scopes.clone(),
                time(key.expires_at),
                key.last_used_at.map_or_else(|| "never".to_owned(), time),
            ]
        })
        .collect();
    table(["ID", "NAME", "SCOPES", "VALID UNTIL", "LAST USED"], &rows)
}

/// The key without its secret, which is not stored.
fn object(key: &AdminKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes.split(' ').collect::<Vec<_>>(),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    })
}
