//! `neptun-auth restore`: takes over a copy of the database, and ends what must not come back with it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::printable::json_line;
use super::say::report;
use super::users::time;
use crate::app::clock::Clock;
use crate::config::Settings;
use crate::flows::operator::restore_copy::restore_copy;
use crate::flows::operator::restore_in_place::restore_in_place;
use crate::flows::operator::take_over::{RestoreOptions, Restored};
use crate::model::id::UserId;

/// Bytes of a list of deletions at most: a million accounts.
const LONGEST_LIST: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Copy that `backup` wrote; it goes to the place of a `SQLite` database that is gone
    #[arg(required_unless_present = "in_place", conflicts_with = "in_place")]
    file: Option<PathBuf>,
    #[command(flatten)]
    in_place: InPlaceArgs,
    /// File with the ids of accounts that were deleted since, one a line, as `users deleted` prints them
    #[arg(long, value_name = "FILE")]
    deletions: Option<PathBuf>,
    /// Leave sessions, tokens, codes, mails, webhooks, signing and admin keys as they are in the copy
    #[arg(long)]
    keep_access: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct InPlaceArgs {
    /// Take over the database that another program has restored where `DATABASE_URL` says
    #[arg(long)]
    in_place: bool,
    /// Confirm that everybody is to be signed out of the database at `DATABASE_URL`
    #[arg(long, requires = "in_place")]
    yes: bool,
}

pub async fn run(arguments: RestoreArgs, settings: &Settings) -> anyhow::Result<()> {
    let (database, secret_key) = (settings.database()?, settings.secret_key()?);
    let deletions = match &arguments.deletions {
        Some(file) => read_list(file).with_context(|| format!("reading {}", file.display()))?,
        None => Vec::new(),
    };
    let listed = deletions.len();
    let options = RestoreOptions {
        deletions,
        keep_access: arguments.keep_access,
    };
    let now = Clock::System.now();
    let restored = match &arguments.file {
        Some(file) => Box::pin(restore_copy(file, &database, secret_key, &options, now)).await?,
        None if !arguments.in_place.yes && !arguments.keep_access => bail!(
            "this ends all sessions and deletes all codes, waiting mails and admin keys of the database at \
             DATABASE_URL; add --yes to confirm"
        ),
        None => Box::pin(restore_in_place(&database, secret_key, &options, now)).await?,
    };
    report(&if arguments.json {
        object(&restored)
    } else {
        text(&restored, listed, now)
    });
    Ok(())
}

/// The first word of each line is an id.
fn read_list(file: &Path) -> anyhow::Result<Vec<UserId>> {
    let file = File::open(file)?;
    ensure!(
        file.metadata()?.len() <= LONGEST_LIST,
        "a list has at most {LONGEST_LIST} bytes"
    );
    let mut ids = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line?;
        if let Some(word) = line.split_whitespace().next() {
            let id: Uuid = word
                .parse()
                .with_context(|| format!("line {number} does not begin with the id of an account"))?;
            ids.push(UserId(id));
        }
    }
    Ok(ids)
}

fn text(restored: &Restored, listed: usize, now: DateTime<Utc>) -> String {
    let age = match restored.last_change {
        Some(at) => {
            let age = (now - at).to_std().unwrap_or_default();
            let age = humantime::format_duration(age);
            format!(
                "The copy is {age} old: its last change is of {}, and what came later is lost.",
                time(at)
            )
        }
        None => "The copy has no account.".to_owned(),
    };
    let Restored {
        accounts_deleted,
        sessions_ended,
        codes_voided,
        mails_voided,
        admin_keys_revoked,
        webhooks_disabled,
        signing_keys_replaced,
        ..
    } = restored;
    format!(
        "{age}\nEnded or deleted: {sessions_ended} sessions, {codes_voided} codes, {mails_voided} mails, \
         {admin_keys_revoked} admin keys.\nDisabled: {webhooks_disabled} webhooks. Replaced: \
         {signing_keys_replaced} signing keys.\nDeleted {accounts_deleted} of the \
         {listed} accounts in the list of deletions.\nPasswords and factors are those of the copy.\n"
    )
}

fn object(restored: &Restored) -> String {
    json_line(&json!({
        "last_change": restored.last_change,
        "accounts_deleted": restored.accounts_deleted,
        "sessions_ended": restored.sessions_ended,
        "codes_voided": restored.codes_voided,
        "mails_voided": restored.mails_voided,
        "admin_keys_revoked": restored.admin_keys_revoked,
        "webhooks_disabled": restored.webhooks_disabled,
        "signing_keys_replaced": restored.signing_keys_replaced,
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_list_names_accounts_by_the_first_word_of_each_line() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
        write!(file, "{one} 2026-01-01T00:00:00Z\n\n{other}\n").unwrap();
        assert_eq!(read_list(file.path()).unwrap(), [UserId(one), UserId(other)]);
        writeln!(file, "alice@example.com").unwrap();
        let error = read_list(file.path()).unwrap_err().to_string();
        assert!(error.contains("line 4"), "{error}");
    }

    #[test]
    fn a_list_that_is_too_long_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(LONGEST_LIST).unwrap();
        let error = read_list(file.path()).unwrap_err().to_string();
        assert!(!error.contains("at most"), "{error}");
        file.as_file().set_len(LONGEST_LIST + 1).unwrap();
        let error = read_list(file.path()).unwrap_err().to_string();
        assert!(error.contains("at most"), "{error}");
    }
}
