//! Secrets that a command reads: from a file or from standard input, never from its arguments, which every user of the
//! machine can see.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, ensure};
use zeroize::Zeroizing;

/// Longest secret to read, in bytes.
const MOST_BYTES: u64 = 4096;

/// The first line of the file, or of standard input for `-`. `what` names the secret in errors.
pub fn read(path: &Path, what: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text)
    } else {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text)
    };
    read.with_context(|| format!("reading the {what}"))?;
    ensure!(
        text.len() as u64 <= MOST_BYTES,
        "the {what} has more than {MOST_BYTES} bytes"
    );
    let line = text.lines().next().unwrap_or_default();
    ensure!(!line.is_empty(), "the {what} is empty");
    Ok(Zeroizing::new(line.to_owned()))
}
