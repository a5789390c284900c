//! `neptun-auth import`: takes over the accounts of another system.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::printable::json_line;
use super::progress::Progress;
use super::say::{report, say};
use crate::app::App;
use crate::app::hasher::foreign::FirebaseParameters;
use crate::app::import_file::ImportFile;
use crate::config::Settings;
use crate::flows::operator::import_users::{ImportOptions, Outcome, RowReport, UnknownFactors, import_users};
use crate::model::import::System;

/// Number of refused rows that are listed without `--json`; `--report` has all.
const LISTED: usize = 20;

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// File of JSON lines, a JSON array, or CSV with names in the first line
    file: PathBuf,
    /// What wrote the file; `docs/moving.md` shows how to get it. `jsonl` and `csv` are for all other systems
    #[arg(long)]
    format: Format,
    /// Check every row, and store none
    #[arg(long)]
    dry_run: bool,
    /// Take accounts without their second factor where that can't be taken over; their password alone then opens them
    #[arg(long)]
    without_second_factors: bool,
    #[command(flatten)]
    hashes: HashArgs,
    /// Skip the rows before this line
    #[arg(long, default_value_t = 1)]
    from_line: u64,
    /// Write what became of each row to this new file, as JSON lines
    #[arg(long)]
    report: Option<PathBuf>,
    /// Print what became of each row, and the numbers last, as JSON lines
    #[arg(long)]
    json: bool,
}

/// What the file does not say about its hashes.
#[derive(Debug, Args)]
struct HashArgs {
    /// Store our own hash of passwords' MD5 and SHA-1 digests, which are refused otherwise
    #[arg(long)]
    wrap: bool,
    /// The hashes are bcrypt of the password and the pepper in `IMPORTED_PEPPER_FILE`
    #[arg(long)]
    pepper: bool,
    /// Salt separator of the Firebase project, in Base64
    #[arg(long, default_value = "Bw==")]
    firebase_salt_separator: String,
    /// Rounds of the Firebase project
    #[arg(long, default_value_t = 8)]
    firebase_rounds: u32,
    /// Memory cost of the Firebase project
    #[arg(long, default_value_t = 14)]
    firebase_mem_cost: u32,
}

/// What writes files of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Neptun,
    Auth0,
    BetterAuth,
    Clerk,
    Django,
    Firebase,
    Keycloak,
    Laravel,
    #[value(name = "pocketbase")]
    PocketBase,
    Supabase,
    #[value(name = "wordpress")]
    WordPress,
}

impl Format {
    fn system(self) -> System {
        match self {
            Self::Jsonl | Self::Csv => System::Common,
            Self::Neptun => System::Own,
            Self::Auth0 => System::Auth0,
            Self::BetterAuth => System::BetterAuth,
            Self::Clerk => System::Clerk,
            Self::Django => System::Django,
            Self::Firebase => System::Firebase,
            Self::Keycloak => System::Keycloak,
            Self::Laravel => System::Laravel,
            Self::PocketBase => System::PocketBase,
            Self::Supabase => System::Supabase,
            Self::WordPress => System::WordPress,
        }
    }

    /// Whether the system writes one object with `users` in it.
    fn is_wrapped(self) -> bool {
        matches!(self, Self::Firebase | Self::Keycloak)
    }
}

/// What became of all rows.
#[derive(Debug, Default)]
struct Numbers {
    created: u64,
    existed: u64,
    refused: u64,
    /// Rows that were stored without some of their fields.
    shortened: u64,
    last_line: u64,
    listed: Vec<String>,
}

pub async fn run(arguments: ImportArgs, settings: &Settings) -> anyhow::Result<()> {
    let mut file = ImportFile::open(&arguments.file, arguments.format.is_wrapped())?;
    let mut rows = arguments.report.as_deref().map(create).transpose()?;
    let app = App::open(settings.setup()?).await?;
    let options = ImportOptions {
        system: arguments.format.system(),
        dry_run: arguments.dry_run,
        wrap: arguments.hashes.wrap,
        peppered: arguments.hashes.pepper,
        unknown_factors: if arguments.without_second_factors {
            UnknownFactors::LeaveOut
        } else {
            UnknownFactors::Refuse
        },
        from_line: arguments.from_line,
        firebase: FirebaseParameters {
            salt_separator: arguments.hashes.firebase_salt_separator.clone(),
            rounds: arguments.hashes.firebase_rounds,
            mem_cost: arguments.hashes.firebase_mem_cost,
        },
    };
    let (mut numbers, mut progress) = (Numbers::default(), Progress::start());
    let mut tell = |reports: &[RowReport], thousandths: u64| {
        let mut lines = String::new();
        for one in reports {
            numbers.count(one);
            lines.push_str(&json_line(&line(one)));
        }
        if let Some(rows) = &mut rows {
            rows.write_all(lines.as_bytes()).context("writing the report")?;
        }
        if arguments.json {
            say(&lines)?;
        }
        progress.show(thousandths, &numbers.short());
        Ok(())
    };
    let imported = import_users(&app, &mut file, &options, &mut tell).await;
    drop(progress);
    app.close().await;
    if arguments.json {
        report(&json_line(&numbers.json(arguments.dry_run)));
    } else {
        report(&numbers.text(arguments.dry_run));
    }
    imported.with_context(|| format!("after line {}", numbers.last_line))
}

fn create(path: &std::path::Path) -> anyhow::Result<std::fs::File> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    created.with_context(|| format!("creating the report {}", path.display()))
}

/// One row of the report.
fn line(row: &RowReport) -> Value {
    let mut line = match row.outcome {
        Outcome::Created(user) => json!({ "line": row.line, "status": "created", "id": user }),
        Outcome::Exists(user) => json!({ "line": row.line, "status": "exists", "id": user }),
        Outcome::Refused(refusal) => json!({ "line": row.line, "status": "refused", "reason": refusal.to_string() }),
    };
    if !row.dropped.is_empty() {
        line["dropped"] = json!(row.dropped);
    }
    line
}

impl Numbers {
    fn count(&mut self, row: &RowReport) {
        self.last_line = row.line;
        match row.outcome {
            Outcome::Created(_) => {
                self.created += 1;
                self.shortened += u64::from(!row.dropped.is_empty());
            }
            Outcome::Exists(_) => self.existed += 1,
            Outcome::Refused(refusal) => {
                self.refused += 1;
                if self.listed.len() < LISTED {
                    self.listed.push(format!("  line {}: {refusal}\n", row.line));
                }
            }
        }
    }

    fn short(&self) -> String {
        format!(
            "{} created, {} existed, {} refused",
            self.created, self.existed, self.refused
        )
    }

    fn json(&self, dry_run: bool) -> Value {
        json!({
            "created": self.created,
            "existed": self.existed,
            "refused": self.refused,
            "shortened": self.shortened,
            "last_line": self.last_line,
            "dry_run": dry_run,
        })
    }

    fn text(&self, dry_run: bool) -> String {
        let would = if dry_run { "Dry run, nothing was stored: " } else { "" };
        let mut text = format!("{would}{}.\n", self.short());
        if self.shortened > 0 {
            text.push_str(&self.shortened.to_string());
            text.push_str(" accounts lack fields that can't be kept; --report names them.\n");
        }
        if !self.listed.is_empty() {
            text.push_str("Refused:\n");
            text.push_str(&self.listed.concat());
        }
        if self.refused > LISTED as u64 {
            text.push_str("  and more; --report lists all.\n");
        }
        text
    }
}
