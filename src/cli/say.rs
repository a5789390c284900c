//! What a command tells the person at the terminal.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use super::printable::printable_lines;
use crate::telemetry::{self, stderr};

/// How long the last lines may take to be written when the process ends.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Prints a text on standard output. A reader that has gone has read enough, so that is no error.
///
/// # Errors
/// When standard output can't be written to, for example because the disk is full.
pub fn say(text: &str) -> io::Result<()> {
    say_to_reader(text).map(|_| ())
}

/// Like [`say`], and tells whether the reader is still there.
///
/// # Errors
/// As [`say`].
pub fn say_to_reader(text: &str) -> io::Result<bool> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// Says that something was done. The work does not fail because its report can't be printed.
pub fn report(text: &str) {
    if let Err(error) = say(text) {
        tracing::warn!(%error, "the work is done, but standard output can't be written to");
    }
}

/// Prints what clap has to say, which is the answer to `--help` or an error, and ends the process.
pub fn quit(error: &clap::Error) -> ! {
    let (text, code) = (error.render(), error.exit_code());
    if error.use_stderr() {
        let text = if io::stderr().is_terminal() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        stderr::write(&text);
        stderr::flush(LAST_LINES);
    } else {
        let text = if io::stdout().is_terminal() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        report(&text);
    }
    std::process::exit(code)
}

/// An error may quote what a server, a file or a stranger wrote.
fn say_error(error: &anyhow::Error) {
    telemetry::last_error(&printable_lines(&format!("{error:#}")));
}

/// The exit code of a call that can't be understood, which is that of clap; prints the error as a sentence.
#[must_use]
pub fn misuse(error: &anyhow::Error) -> ExitCode {
    say_error(error);
    ExitCode::from(2)
}

/// The exit code for an outcome; prints an error as a sentence and waits for the last lines of the log.
#[must_use]
pub fn end(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    let code = match outcome {
        Ok(code) => code,
        Err(error) => {
            say_error(&error);
            ExitCode::FAILURE
        }
    };
    stderr::flush(LAST_LINES);
    code
}
