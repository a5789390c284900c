//! `neptun-auth copy`: moves from SQLite to PostgreSQL.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::printable::json_line;
use super::progress::Progress;
use super::say::report;
use crate::app::DatabaseSetup;
use crate::config::{Secret, Settings};
use crate::flows::operator::copy_database::copy_database;

#[derive(Debug, Args)]
pub struct CopyArgs {
    /// URL of an empty PostgreSQL database; a password in it is better kept in the variable
    #[arg(long, env = "NEPTUN_AUTH_COPY_TO", hide_env_values = true)]
    to: Secret,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: CopyArgs, settings: &Settings) -> anyhow::Result<()> {
    let from = settings.database()?;
    let to = DatabaseSetup {
        url: arguments.to.0,
        direct_url: None,
        ..settings.database()?
    };
    let mut progress = Progress::start();
    let mut show = |table: &str, rows: u64| progress.show(0, &format!("{table}: {rows} rows"));
    let copied = copy_database(&from, &to, &mut show).await;
    drop(progress);
    let copied = copied?;
    if arguments.json {
        let rows: BTreeMap<_, _> = copied.into_iter().collect();
        report(&json_line(&json!({ "rows": rows })));
        return Ok(());
    }
    let tables = copied.into_iter().map(|(table, rows)| format!("  {table}: {rows}\n"));
    report(&format!(
        "Copied, rows of each table:\n{}Start the service with the new DATABASE_URL and the secret key of the old one: \
         SECRET_KEY, or SECRET_KEY_FILE with the file beside the SQLite database. All sessions go on.\n",
        tables.collect::<String>()
    ));
    Ok(())
}
