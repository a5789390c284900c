//! Standard error behind a bounded queue and a thread of its own. A reader that is gone, a full disk or a reader that
//! stalls costs lines, which are counted, and stops nothing else: neither a request nor the end of the process.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

/// Entries and bytes that may wait to be written; what comes on top of them is lost.
const MAX_ENTRIES: usize = 8192;
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Pause before a descriptor that can't take more now is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

static STDERR: LazyLock<LineQueue> = LazyLock::new(|| LineQueue::start(io::stderr()));

/// The writer of the log. Each write is one line; none fails and none waits.
#[derive(Debug)]
pub struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        STDERR.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a text that is no log line, in order with the lines before it.
pub fn write(text: &str) {
    STDERR.push(text.as_bytes());
}

/// Waits until all lines are written, for at most `limit`; `false` when the reader stalls for longer.
pub fn flush(limit: Duration) -> bool {
    STDERR.flush(limit)
}

enum Entry {
    Line(Vec<u8>),
    /// Tells the sender that everything before it is written.
    Flush(SyncSender<()>),
}

#[derive(Debug)]
struct LineQueue {
    entries: SyncSender<Entry>,
    load: Arc<Load>,
}

/// What the two ends of the queue share.
#[derive(Debug, Default)]
struct Load {
    bytes: AtomicUsize,
    /// Lost lines that the log does not mention yet.
    lost: AtomicU64,
}

impl LineQueue {
    fn start(output: impl Write + Send + 'static) -> Self {
        let (entries, received) = sync_channel(MAX_ENTRIES);
        let load = Arc::new(Load::default());
        let shared = Arc::clone(&load);
        let thread = thread::Builder::new().name("log".to_owned());
        // A system without a thread to spare loses the log. That is counted, and no reason not to serve.
        drop(thread.spawn(move || shared.write_all(&received, output)));
        Self { entries, load }
    }

    fn push(&self, line: &[u8]) {
        let before = self.load.bytes.fetch_add(line.len(), Ordering::Relaxed);
        let fits = before + line.len() <= MAX_BYTES;
        if !fits || self.entries.try_send(Entry::Line(line.to_vec())).is_err() {
            self.load.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            self.load.lose();
        }
    }

    fn flush(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let (done, written) = sync_channel(1);
        let mut entry = Entry::Flush(done);
        while let Err(TrySendError::Full(back)) = self.entries.try_send(entry) {
            if Instant::now() >= deadline {
                return false;
            }
            entry = back;
            thread::sleep(RETRY_INTERVAL);
        }
        written
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
    }
}

impl Load {
    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        super::log_line_lost();
    }

    /// The life of the thread.
    fn write_all(&self, received: &Receiver<Entry>, mut output: impl Write) {
        for entry in received {
            match entry {
                Entry::Line(line) => {
                    let outcome = write_line(&mut output, &line);
                    self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
                    match outcome {
                        Ok(()) => self.tell_of_lost_lines(),
                        Err(_) => self.lose(),
                    }
                }
                // The receiver is gone when it has stopped waiting.
                Entry::Flush(done) => drop(done.try_send(())),
            }
        }
    }

    /// The line about them waits in the queue like any other, and is counted if it is lost too.
    fn tell_of_lost_lines(&self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(
                lost,
                "log lines were lost: their reader was gone or too slow, or its disk was full"
            );
        }
    }
}

/// Like `write_all`, for a descriptor that another process may have switched to non-blocking.
fn write_line(output: &mut impl Write, mut line: &[u8]) -> io::Result<()> {
    while !line.is_empty() {
        match output.write(line) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => line = &line[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_INTERVAL),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Sender;

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    /// An output that waits for a word before each write, as a pipe does whose reader stalls.
    struct Stalling(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stalling {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stalled() -> (LineQueue, Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (words, heard) = std::sync::mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let queue = LineQueue::start(Stalling(heard, Arc::clone(&written)));
        (queue, words, written)
    }

    #[test]
    fn a_stalled_reader_costs_lines_beyond_the_bound_and_no_time() {
        let (queue, words, written) = stalled();
        let started = Instant::now();
        for _ in 0..2 * MAX_ENTRIES {
            queue.push(b"a line\n");
        }
        assert!(started.elapsed() < SOON);
        let lost = queue.load.lost.load(Ordering::Relaxed);
        let bounds = (MAX_ENTRIES as u64 - 2)..=(MAX_ENTRIES as u64);
        assert!(bounds.contains(&lost), "{lost} lines were lost");
        assert!(!queue.flush(Duration::from_millis(50)));
        assert_eq!(written.lock().unwrap().len(), 0);

        for _ in 0..2 * MAX_ENTRIES {
            words.send(()).unwrap();
        }
        assert!(queue.flush(SOON));
        let kept = 2 * MAX_ENTRIES - usize::try_from(lost).unwrap();
        assert_eq!(written.lock().unwrap().len(), kept * b"a line\n".len());
        assert_eq!(queue.load.lost.load(Ordering::Relaxed), 0, "the log mentions them");
        assert_eq!(queue.load.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn long_lines_count_by_their_bytes() {
        let (queue, _words, _) = stalled();
        let line = vec![b'x'; MAX_BYTES / 4];
        for _ in 0..6 {
            queue.push(&line);
        }
        assert_eq!(queue.load.lost.load(Ordering::Relaxed), 2);
        assert!(queue.load.bytes.load(Ordering::Relaxed) <= MAX_BYTES);
    }

    #[test]
    fn a_reader_that_is_gone_costs_lines_and_the_thread_goes_on() {
        let (queue, words, _) = stalled();
        drop(words);
        queue.push(b"a line\n");
        queue.push(b"a line\n");
        assert!(queue.flush(SOON));
        assert_eq!(queue.load.lost.load(Ordering::Relaxed), 2);
    }
}
