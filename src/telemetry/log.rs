//! The log: lines on standard error, and panics among them.

use std::io::{self, IsTerminal};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use serde_json::json;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, registry};

use super::stderr::{self, Lines};
use super::traces::{self, Traces};

/// The session library logs every stale cookie as an attack. A filter that names the library takes precedence.
const QUIET: &str = "tower_sessions_core=error";

/// Whether the log has begun, and in JSON.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Writes logs to standard error in the given format, filtered as `tracing_subscriber::EnvFilter` describes, and lets
/// `traces` have its spans.
///
/// # Errors
/// When `filter` can't be read.
pub fn start_logs(filter: &str, format: LogFormat, traces: Option<&Traces>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}=off,{filter}", traces::TARGET))
        .context("LOG is not a filter, as in `info` or `warn,neptun_auth=debug`")?;
    match traces {
        None => registry().with(lines(format)).with(filter).init(),
        // Each with a filter of its own: a log that is quiet must not silence the traces.
        Some(traces) => registry()
            .with(lines(format).with_filter(filter))
            .with(traces.layer())
            .init(),
    }
    IS_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Writes each event as a line.
fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer()
        // Its own way to report an error is to print it, which panics when there is no reader.
        .log_internal_errors(false)
        .with_writer(|| Lines);
    match format {
        // On a terminal the library's own default holds, which knows `NO_COLOR`.
        LogFormat::Text if io::stderr().is_terminal() => lines.boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    }
}

/// Writes the error with which the process ends, whatever the filter says: as a sentence for a person, or as one more
/// line in JSON for a program that takes nothing else.
pub fn last_error(message: &str) {
    let text = if IS_JSON.load(Ordering::Relaxed) {
        let mut timestamp = String::new();
        // Only memory is written to, which can't fail.
        SystemTime
            .format_time(&mut Writer::new(&mut timestamp))
            .unwrap_or_default();
        json!({ "timestamp": timestamp, "level": "ERROR", "message": message }).to_string()
    } else {
        format!("Error: {message}")
    };
    stderr::write(&format!("{text}\n"));
}

/// The default hook writes to standard error itself, and so waits for a reader that stalls.
fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let text = panic.payload_as_str().unwrap_or("a panic without a text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(panic = text, place, "a task panicked; this is a bug");
}
