//! `neptun-auth export`: writes all accounts for `neptun-auth import --format neptun`.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use clap::Args;
use serde_json::{Value, json};

use super::printable::json_line;
use super::say::report;
use crate::app::App;
use crate::config::Settings;
use crate::flows::operator::export_users::export_users;
use crate::model::moved::ExportedUser;

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// New file for the accounts, as JSON lines; it holds their password hashes
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: ExportArgs, settings: &Settings) -> anyhow::Result<()> {
    let path = arguments.file.display();
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&arguments.file);
    let mut file = BufWriter::new(created.with_context(|| format!("creating {path}"))?);
    let app = App::open(settings.setup()?).await?;
    let mut count = 0;
    let mut write = |page: &[ExportedUser]| {
        for user in page {
            writeln!(file, "{}", line(user)).with_context(|| format!("writing {path}"))?;
        }
        count += page.len();
        Ok(())
    };
    export_users(&app, &mut write).await?;
    app.close().await;
    file.flush().with_context(|| format!("writing {path}"))?;
    file.get_ref().sync_all().with_context(|| format!("writing {path}"))?;
    report(&if arguments.json {
        json_line(&json!({ "accounts": count }))
    } else {
        format!("Wrote {count} accounts. The file holds password hashes: keep it secret.\n")
    });
    Ok(())
}

/// One account. The hash is that of the database, also if another system made it.
fn line(user: &ExportedUser) -> Value {
    let identities = user.identities.iter();
    let identities = identities.map(|(issuer, subject)| json!({ "issuer": issuer, "subject": subject }));
    json!({
        "identities": identities.collect::<Vec<_>>(),
        "id": user.id,
        "number": user.number,
        "email": user.email,
        "email_verified_at": user.email_verified_at,
        "disabled_at": user.disabled_at,
        "second_factor_at": user.second_factor_at,
        "sealed_totp_secret": user.sealed_totp_secret.as_ref().map(|sealed| BASE64.encode(sealed)),
        "password_hash": user.password_hash.as_ref().map(|hash| &hash.0),
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "number_phone": user.number_phone,
        "avatar": user.avatar,
        "created_at": user.created_at,
        "last_log_in_at": user.last_log_in_at,
    })
}
