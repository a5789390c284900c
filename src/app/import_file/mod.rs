//! Reads the rows of an export one by one: JSON objects, one a line, in an array or in the `users` of an object, or CSV
//! with names in its first line. No row may be longer than [`MAX_ROW`], so a file of any size takes little memory.

mod elements;
mod tables;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use anyhow::Context;

use crate::model::import::{Refusal, Row};
use elements::Elements;
use tables::Table;

/// Longest row in bytes.
pub const MAX_ROW: usize = 256 * 1024;

/// One row of the file.
#[derive(Debug)]
pub struct FileRow {
    /// Where it begins; the first line is 1.
    pub line: u64,
    pub row: Result<Row, Refusal>,
}

/// The rows of a file.
#[derive(Debug)]
pub struct ImportFile {
    rows: Rows,
    read: Rc<Cell<u64>>,
    size: u64,
}

#[derive(Debug)]
enum Rows {
    Lines { input: Input, line: u64 },
    Elements(Elements<Input>),
    Table(Box<Table<Input>>),
}

type Input = BufReader<Counted>;

/// Counts what was read, for the progress bar.
#[derive(Debug)]
struct Counted {
    file: File,
    read: Rc<Cell<u64>>,
}

impl ImportFile {
    /// Opens the file at `path`, and finds out which of the forms it has. `is_wrapped` tells that the system writes one
    /// object with `users` in it.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn open(path: &Path, is_wrapped: bool) -> anyhow::Result<Self> {
        let subject = || format!("reading {}", path.display());
        let file = File::open(path).with_context(subject)?;
        let size = file.metadata().with_context(subject)?.len();
        let read = Rc::new(Cell::new(0));
        let mut input = BufReader::new(Counted {
            file,
            read: Rc::clone(&read),
        });
        let first = first_byte(&mut input).with_context(subject)?;
        let rows = match first {
            Some(b'[') => Rows::Elements(Elements::of_array(input)),
            Some(b'{') if is_wrapped => Rows::Elements(Elements::of_users(input)),
            Some(b'{') | None => Rows::Lines { input, line: 0 },
            Some(_) => Rows::Table(Box::new(Table::open(input).with_context(subject)?)),
        };
        Ok(Self { rows, read, size })
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// When the file can't be read, or is not what it began as.
    pub fn next_row(&mut self) -> anyhow::Result<Option<FileRow>> {
        match &mut self.rows {
            Rows::Lines { input, line } => Ok(next_line(input, line)?),
            Rows::Elements(elements) => Ok(elements.next_row()?),
            Rows::Table(table) => table.next_row(),
        }
    }

    /// The part of the file that was read, in thousandths.
    #[must_use]
    pub fn thousandths(&self) -> u64 {
        (self.read.get() * 1000).checked_div(self.size).unwrap_or(1000)
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read
            .set(self.read.get() + u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

/// The first byte that is no white space, which stays in the input. A byte order mark does not.
fn first_byte(input: &mut Input) -> io::Result<Option<u8>> {
    if input.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        input.consume(3);
    }
    let buffer = input.fill_buf()?;
    Ok(buffer.iter().copied().find(|byte| !byte.is_ascii_whitespace()))
}

/// Reads one line that has something in it.
fn next_line(input: &mut impl BufRead, line: &mut u64) -> io::Result<Option<FileRow>> {
    loop {
        let mut text = Vec::new();
        let is_too_long = read_line(input, &mut text)?;
        if text.is_empty() {
            return Ok(None);
        }
        *line += 1;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let row = if is_too_long {
            Err(Refusal::TooLong)
        } else {
            object(&text)
        };
        return Ok(Some(FileRow { line: *line, row }));
    }
}

/// Reads to the end of the line, and keeps at most [`MAX_ROW`] bytes of it; `true` when it has more.
fn read_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    let mut is_too_long = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(is_too_long);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        let room = MAX_ROW.saturating_sub(text.len());
        is_too_long |= taken > room;
        text.extend_from_slice(&buffer[..taken.min(room)]);
        input.consume(taken);
        if end.is_some() {
            return Ok(is_too_long);
        }
    }
}

fn object(text: &[u8]) -> Result<Row, Refusal> {
    serde_json::from_slice(text).map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
mod tests;
