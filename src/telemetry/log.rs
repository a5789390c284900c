//! The log: lines on standard error, and panics among them.

use std::io::{IsTerminal, stderr};
use std::panic;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use super::stderr::Lines;

/// The session library logs every stale cookie as an attack. A filter that names the library takes precedence.
const QUIET: &str = "tower_sessions_core=error";

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Writes logs to standard error in the given format, filtered as `tracing_subscriber::EnvFilter` describes.
///
/// # Errors
/// When `filter` can't be read.
pub fn start_logs(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_new(format!("{QUIET},{filter}"))
                .context("LOG is not a filter, as in `info` or `warn,neptun_auth=debug`")?,
        )
        // Its own way to report an error is to print it, which panics when there is no reader.
        .log_internal_errors(false)
        .with_writer(|| Lines);
    match format {
        // On a terminal the library's own default holds, which knows `NO_COLOR`.
        LogFormat::Text if stderr().is_terminal() => logs.init(),
        LogFormat::Text => logs.with_ansi(false).init(),
        LogFormat::Json => logs
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .init(),
    }
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The default hook writes to standard error itself, and so waits for a reader that stalls.
fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let text = panic.payload_as_str().unwrap_or("a panic without a text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(panic = text, place, "a task panicked; this is a bug");
}
