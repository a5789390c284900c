//! The objects of a JSON array that may be too large to be held in memory.

use std::io::{self, BufRead};

use super::{FileRow, MAX_ROW, object};
use crate::model::import::Refusal;

/// The member of an object whose array has the rows.
const USERS: &[u8] = b"users";

/// Follows the nesting of a JSON text, and keeps one element at a time.
#[derive(Debug)]
pub struct Elements<R> {
    input: R,
    /// The depth at which an element begins.
    level: u32,
    depth: u32,
    is_in_array: bool,
    string: Option<Escape>,
    /// The beginning of the latest string outside of elements: it may be a member's name.
    name: Vec<u8>,
    line: u64,
}

/// Inside a string, whether the next character is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    No,
    Yes,
}

/// The element that is being read.
struct Element {
    line: u64,
    text: Vec<u8>,
    is_too_long: bool,
}

impl<R: BufRead> Elements<R> {
    /// The objects of the array that the text is.
    pub fn of_array(input: R) -> Self {
        Self::new(input, 1)
    }

    /// The objects in the array `users` of the object that the text is.
    pub fn of_users(input: R) -> Self {
        Self::new(input, 2)
    }

    fn new(input: R, level: u32) -> Self {
        Self {
            input,
            level,
            depth: 0,
            is_in_array: level == 1,
            string: None,
            name: Vec::new(),
            line: 1,
        }
    }

    /// The next object; `None` at the end. A text that ends inside one gives a malformed row.
    pub fn next_row(&mut self) -> io::Result<Option<FileRow>> {
        let mut element: Option<Element> = None;
        loop {
            let Some(byte) = self.next_byte()? else {
                return Ok(element.map(|element| FileRow {
                    line: element.line,
                    row: Err(Refusal::Malformed),
                }));
            };
            if element.is_none() && self.begins_element(byte) {
                element = Some(Element {
                    line: self.line,
                    text: Vec::new(),
                    is_too_long: false,
                });
            }
            if let Some(element) = &mut element {
                element.push(byte);
            }
            let ended = self.follow(byte, element.is_some());
            if let Some(element) = element.take_if(|_| ended) {
                return Ok(Some(element.row()));
            }
        }
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    fn begins_element(&self, byte: u8) -> bool {
        byte == b'{' && self.string.is_none() && self.is_in_array && self.depth == self.level
    }

    /// Follows one byte; `true` when it ends an element.
    fn follow(&mut self, byte: u8, is_in_element: bool) -> bool {
        if byte == b'\n' {
            self.line += 1;
        }
        if let Some(escape) = self.string {
            self.string = match (escape, byte) {
                (Escape::No, b'"') => None,
                (Escape::No, b'\\') => Some(Escape::Yes),
                _ => Some(Escape::No),
            };
            if self.string.is_some() && !is_in_element && self.name.len() <= USERS.len() {
                self.name.push(byte);
            }
            return false;
        }
        match byte {
            b'"' => {
                self.string = Some(Escape::No);
                if !is_in_element {
                    self.name.clear();
                }
            }
            b'{' | b'[' => {
                if byte == b'[' && self.depth + 1 == self.level && self.name == USERS {
                    self.is_in_array = true;
                }
                self.depth = self.depth.saturating_add(1);
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth < self.level && self.level > 1 {
                    self.is_in_array = false;
                    self.name.clear();
                }
                return byte == b'}' && is_in_element && self.depth == self.level;
            }
            _ => {}
        }
        false
    }
}

impl Element {
    fn push(&mut self, byte: u8) {
        if self.text.len() < MAX_ROW {
            self.text.push(byte);
        } else {
            self.is_too_long = true;
        }
    }

    fn row(self) -> FileRow {
        let row = if self.is_too_long {
            Err(Refusal::TooLong)
        } else {
            object(&self.text)
        };
        FileRow { line: self.line, row }
    }
}
