//! A file of SHA-1 hashes in hexadecimal, sorted, one a line, with or without `:count` behind them: the form in which
//! Have I Been Pwned's downloader writes its list. Nothing of it is kept in memory: a look-up reads about 40 places of
//! the largest list.
//!
//! Each look-up opens the file, so an operator may put another one in its place at any time.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::Hash;

/// Look-ups at the same time; each takes a thread until the disk has answered.
const MAX_LOOKUPS: usize = 16;
/// Enough for the rest of one line and the hash of the next one: a line has a hash, a colon and at most 20 digits.
const BLOCK: usize = 128;
/// Places that the start looks at.
const SAMPLES: u64 = 1000;

#[derive(Debug)]
pub struct HashFile {
    path: PathBuf,
    places: Arc<Semaphore>,
    pub samples: Samples,
}

/// What the start looked at.
#[derive(Debug, Clone, Copy)]
pub struct Samples {
    /// Lines that were read, spread over the file: at most 2,000 however long it is.
    pub lines: usize,
    /// The length of the file.
    pub bytes: u64,
}

impl HashFile {
    /// Checks samples of the file.
    ///
    /// # Errors
    /// When it can't be read, or a sample shows that it is no sorted list. The text is for the operator.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let lines =
            Lines::open(path).with_context(|| format!("BREACHED_PASSWORDS ({}) can't be read", path.display()))?;
        let samples = lines.check_samples().with_context(|| {
            let path = path.display();
            format!("BREACHED_PASSWORDS ({path}) must have SHA-1 hashes in hexadecimal, one a line, sorted by hash")
        })?;
        Ok(Self {
            path: path.to_owned(),
            places: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            samples,
        })
    }

    /// Whether the file has the hash.
    ///
    /// # Errors
    /// When the file can't be read, or turns out to be no sorted list.
    pub async fn contains(&self, hash: &Hash) -> io::Result<bool> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (path, hash) = (self.path.clone(), hash.clone());
        let search = spawn_blocking(move || {
            let found = Lines::open(&path).and_then(|lines| lines.contains(&hash));
            drop(place);
            found
        });
        search.await.map_err(io::Error::other)?
    }
}

struct Lines {
    file: File,
    length: u64,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    fn check_samples(&self) -> anyhow::Result<Samples> {
        ensure!(self.first_from(0)?.is_some(), "it is empty");
        let mut last: Option<(u64, Hash)> = None;
        let mut lines = 0;
        for sample in 0..SAMPLES {
            let mut offset = self.length / SAMPLES * sample + self.length % SAMPLES * sample / SAMPLES;
            // Neighbours as well: a list in another order may look sorted from afar.
            for _ in 0..2 {
                let Some((start, hash)) = self.first_from(offset)? else {
                    break;
                };
                let before = last.as_ref().filter(|(place, _)| *place < start);
                ensure!(
                    before.is_none_or(|(_, before)| **before < *hash),
                    "it is not sorted at byte {start}"
                );
                // Samples of a short file meet.
                lines += usize::from(last.as_ref().is_none_or(|(place, _)| *place < start));
                offset = start + 1;
                last = Some((start, hash));
            }
        }
        let bytes = self.length;
        Ok(Samples { lines, bytes })
    }

    /// Binary search for the line of `hash` between the bytes `low` and `high`.
    fn contains(&self, hash: &Hash) -> io::Result<bool> {
        let (mut low, mut high) = (0, self.length);
        let (mut below, mut above): (Option<Hash>, Option<Hash>) = (None, None);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some((start, found)) = self.first_from(middle)?.filter(|(start, _)| *start < high) else {
                high = middle;
                continue;
            };
            let is_sorted = below.as_ref().is_none_or(|below| **below < *found)
                && above.as_ref().is_none_or(|above| *found < **above);
            if !is_sorted {
                return Err(invalid());
            }
            match found.as_slice().cmp(hash.as_slice()) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => {
                    low = start + 1;
                    below = Some(found);
                }
                Ordering::Greater => {
                    high = middle;
                    above = Some(found);
                }
            }
        }
        Ok(false)
    }

    /// Start and hash of the first line that begins at `offset` or later; `None` at the end.
    fn first_from(&self, offset: u64) -> io::Result<Option<(u64, Hash)>> {
        // The byte before tells whether a line begins at `offset`.
        let from = offset.saturating_sub(1);
        let mut block = [0; BLOCK];
        let length = self.read(&mut block, from)?;
        let block = &block[..length];
        let is_end = length < BLOCK;
        let begin = match block.iter().position(|byte| *byte == b'\n') {
            _ if offset == 0 => 0,
            Some(line_feed) => line_feed + 1,
            None if is_end => return Ok(None),
            None => return Err(invalid()),
        };
        let line = &block[begin..];
        if is_end && line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let hash = line.first_chunk::<40>().ok_or_else(invalid)?.to_ascii_uppercase();
        let is_line = matches!(line.get(40), None | Some(b':' | b'\r' | b'\n'));
        if !is_line || !hash.iter().all(u8::is_ascii_hexdigit) {
            return Err(invalid());
        }
        let mut read = Hash::new([0; 40]);
        read.copy_from_slice(&hash);
        Ok(Some((from + u64::try_from(begin).map_err(io::Error::other)?, read)))
    }

    /// Fills `block` from `offset` on, as far as the file goes.
    fn read(&self, block: &mut [u8], offset: u64) -> io::Result<usize> {
        let (mut length, mut place) = (0, offset);
        while length < block.len() {
            let read = self.file.read_at(&mut block[length..], place)?;
            if read == 0 {
                break;
            }
            length += read;
            place += read as u64;
        }
        Ok(length)
    }
}

fn invalid() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a line is no SHA-1 hash, or the lines are not sorted",
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;

    fn file(lines: impl IntoIterator<Item = String>) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        let mut out = io::BufWriter::new(file.as_file());
        for line in lines {
            out.write_all(line.as_bytes()).unwrap();
        }
        out.flush().unwrap();
        drop(out);
        file
    }

    fn hex(number: u64) -> String {
        format!("{number:016X}{:024X}", 7)
    }

    fn has(file: &NamedTempFile, hash: &str) -> io::Result<bool> {
        let hash = Hash::new(hash.as_bytes().try_into().unwrap());
        Lines::open(file.path())?.contains(&hash)
    }

    #[test]
    fn every_line_is_found_and_nothing_between_with_each_ending_of_lines() {
        for (count, end) in [
            ("", "\n"),
            ("", "\r\n"),
            (":1", "\n"),
            (":12345678901234567890", "\r\n"),
        ] {
            for lines in [1, 2, 3, 100] {
                for last in [end, ""] {
                    let line = |number: u64| {
                        let end = if number == lines { last } else { end };
                        format!("{}{count}{end}", hex(number * 10))
                    };
                    let file = file((1..=lines).map(line));
                    HashFile::open(file.path()).unwrap();
                    for number in 0..=lines * 10 + 10 {
                        let is_there = number % 10 == 0 && (10..=lines * 10).contains(&number);
                        assert_eq!(has(&file, &hex(number)).unwrap(), is_there, "{number} of {lines}");
                    }
                    assert!(!has(&file, &"F".repeat(40)).unwrap());
                    assert!(!has(&file, &"0".repeat(40)).unwrap());
                }
            }
        }
    }

    #[test]
    fn a_million_hashes_are_searched() {
        let lines = 1_000_000;
        // As with real hashes, each beginning occurs about as often.
        let spread = |number: u64| hex(number * (u64::MAX / lines));
        let file = file((0..lines).map(|number| format!("{}:{number}\r\n", spread(number))));
        let samples = HashFile::open(file.path()).unwrap().samples;
        assert_eq!(samples.lines, 2000, "the start reads no more of a long file");
        for number in (0..lines).step_by(9973).chain([lines - 1]) {
            assert!(has(&file, &spread(number)).unwrap(), "{number}");
            assert!(!has(&file, &hex(number * (u64::MAX / lines) + 1)).unwrap(), "{number}");
        }
    }

    #[test]
    fn lower_case_is_read_too() {
        let file = file([format!("{}\n", "ab".repeat(20))]);
        assert!(has(&file, &"AB".repeat(20)).unwrap());
    }

    #[test]
    fn what_is_no_sorted_list_is_refused_at_the_start() {
        let line = |number| format!("{}:5\n", hex(number));
        let swapped = [1, 2, 4, 3, 5].map(line);
        let by_count: Vec<_> = (0..5000).map(|number| line(number * 7919 % 5000)).collect();
        let twice = [line(1), line(1)];
        // The hashes of Windows have 32 characters.
        let of_windows = (1..100).map(|number| format!("{number:032X}:5\n"));
        let long = [format!("{}:{}\n", hex(1), "1".repeat(200)), line(2)];
        for (name, lines) in [
            ("swapped", swapped.to_vec()),
            ("by count", by_count),
            ("twice", twice.to_vec()),
            ("Windows", of_windows.collect()),
            ("long", long.to_vec()),
            ("text", vec!["password\n".to_owned()]),
            ("empty", Vec::new()),
            ("empty lines", vec!["\n\n".to_owned()]),
        ] {
            let file = file(lines);
            let error = format!("{:#}", HashFile::open(file.path()).unwrap_err());
            assert!(error.contains("BREACHED_PASSWORDS"), "{name}: {error}");
        }
        assert!(HashFile::open(Path::new("/nowhere")).is_err());
    }
}
