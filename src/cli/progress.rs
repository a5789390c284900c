//! A bar on the terminal for work that takes long. Without a terminal it shows nothing.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::telemetry::stderr;

const WIDTH: u64 = 30;
/// Pause between two looks of the bar.
const INTERVAL: Duration = Duration::from_millis(100);

/// Longest wait for a terminal that takes no more.
const AT_THE_END: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
    drawn: Option<Instant>,
}

impl Progress {
    /// A bar on standard error, if that is a terminal.
    pub fn start() -> Self {
        Self {
            is_shown: io::stderr().is_terminal(),
            drawn: None,
        }
    }

    /// Shows how far the work is, in thousandths, and a text behind it.
    pub fn show(&mut self, thousandths: u64, text: &str) {
        let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= INTERVAL);
        if self.is_shown && is_due {
            stderr::write(&format!("\r{} {text}\x1b[K", bar(thousandths)));
            self.drawn = Some(Instant::now());
        }
    }
}

/// Takes the bar away before anything else is printed, also where the work failed.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            stderr::write("\r\x1b[K");
            stderr::flush(AT_THE_END);
        }
    }
}

fn bar(thousandths: u64) -> String {
    let done = thousandths.min(1000) * WIDTH / 1000;
    let part = |character: &str, count: u64| character.repeat(usize::try_from(count).unwrap_or_default());
    format!(
        "[{}{}] {:>3}%",
        part("#", done),
        part(".", WIDTH - done),
        thousandths.min(1000) / 10
    )
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_is_as_long_at_each_part_of_the_work() {
        assert_eq!(bar(0), "[..............................]   0%");
        assert_eq!(bar(500), "[###############...............]  50%");
        assert_eq!(bar(2000), "[##############################] 100%");
    }
}
