//! `neptun-auth backup`: copies the SQLite database while the service runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::time::sleep;

use super::printable::json_line;
use super::progress::Progress;
use super::say::report;
use crate::config::Settings;
use crate::flows::operator::back_up::back_up;

/// Pause between two looks at how much is written.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub struct BackupArgs {
    /// New file for the copy
    file: PathBuf,
    /// Do not write the secret key to FILE.key, because you keep it elsewhere
    #[arg(long)]
    without_key: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: BackupArgs, settings: &Settings) -> anyhow::Result<()> {
    let (database, secret_key) = (settings.database()?, settings.secret_key()?);
    let file = arguments.file.as_path();
    let made = back_up(&database, secret_key, file, !arguments.without_key);
    let shown = show_progress(&database.url, file);
    let key_file = tokio::select! {
        made = made => made?,
        never = shown => match never {},
    };
    let bytes = fs::metadata(file).context("the copy is gone")?.len();
    report(&if arguments.json {
        json_line(&json!({ "file": file, "bytes": bytes, "key_file": key_file }))
    } else {
        let key = match key_file {
            Some(key_file) => format!("Its secret key is in {}: keep the two apart.\n", key_file.display()),
            None => "Its secret key is not in it: keep that too.\n".to_owned(),
        };
        format!("Wrote {} ({bytes} bytes).\n{key}", file.display())
    });
    Ok(())
}

/// Shows how large the copy is, beside the database.
async fn show_progress(url: &str, to: &Path) -> std::convert::Infallible {
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let whole = size(Path::new(path)).max(1);
    let mut draft = to.as_os_str().to_owned();
    draft.push(".part");
    let mut progress = Progress::start();
    loop {
        sleep(LOOK).await;
        let written = size(Path::new(&draft));
        progress.show(written.saturating_mul(1000) / whole, &format!("{written} bytes"));
    }
}
