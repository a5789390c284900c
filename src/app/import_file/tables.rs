//! Rows of a CSV file, whose first line has the names.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use anyhow::{Context, ensure};
use csv::{Reader, ReaderBuilder, StringRecord};
use serde_json::Value;

use super::{FileRow, MAX_ROW};
use crate::model::import::{Refusal, Row};

#[derive(Debug)]
pub struct Table<R> {
    reader: Reader<Bounded<R>>,
    since: Rc<Cell<usize>>,
    names: StringRecord,
}

/// Ends a record that has no end: a quote that is never closed would make one of the rest of the file.
#[derive(Debug)]
struct Bounded<R> {
    input: R,
    /// Bytes read since the last record.
    since: Rc<Cell<usize>>,
}

impl<R: Read> Table<R> {
    pub fn open(input: R) -> anyhow::Result<Self> {
        let since = Rc::new(Cell::new(0));
        let bounded = Bounded {
            input,
            since: Rc::clone(&since),
        };
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(bounded);
        let names = reader
            .headers()
            .context("the first line must have the names of the columns")?
            .clone();
        ensure!(
            names.iter().any(|name| name.to_ascii_lowercase().contains("email")),
            "the first line names no column with an e-mail address"
        );
        Ok(Self { reader, since, names })
    }

    pub fn next_row(&mut self) -> anyhow::Result<Option<FileRow>> {
        self.since.set(0);
        let mut record = StringRecord::new();
        let found = match self.reader.read_record(&mut record) {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                let line = error.position().map_or(0, csv::Position::line);
                let row = Err(Refusal::Malformed);
                return Ok(Some(FileRow { line, row }));
            }
            Err(error) => return Err(error).context("reading CSV"),
        };
        if !found {
            return Ok(None);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let row = if record.len() > self.names.len() {
            Err(Refusal::Malformed)
        } else {
            let values = self.names.iter().zip(&record);
            let member = |(name, value): (&str, &str)| (name.trim().to_owned(), Value::String(value.to_owned()));
            Ok(values.map(member).collect::<Row>())
        };
        Ok(Some(FileRow { line, row }))
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.since.set(self.since.get().saturating_add(count));
        if count > 0 && self.since.get() > 2 * MAX_ROW {
            return Err(io::Error::other(format!(
                "a row is longer than {MAX_ROW} bytes; is a quote not closed?"
            )));
        }
        Ok(count)
    }
}
