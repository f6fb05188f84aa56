//! Cuts decoded CSV text into records, one at a time.
//!
//! The csv crate reads the same cells (a test holds the two against each other), but it cannot say which rows were
//! blank, whether a quotation mark was never closed or took rows along, or where text stood beside quotation marks, and
//! it would take a whole file into memory when one was never closed. A catalog must know all of that before it trusts a
//! row.

use std::io::{self, Read};

use crate::domain::text_counts::grouped;

/// The longest cell in bytes.
pub(in crate::fetch) const MAX_CELL: usize = 1024 * 1024;
/// The most columns.
pub(in crate::fetch) const MAX_COLUMNS: usize = 10_000;

/// That the header of a `tab` or a `file` has more.
pub(in crate::fetch) fn too_many_columns(place: &str) -> String {
    format!(
        "The header has more than {} columns, which is the most that are taken. Remove those at its end that are empty, \
         or move some of the others to another {place}.",
        grouped(MAX_COLUMNS as u64)
    )
}

/// The longest record in bytes.
pub(in crate::fetch) const MAX_RECORD: usize = 16 * 1024 * 1024;

/// One record: its cells stand one after the other in `text`.
#[derive(Clone, Default, Debug)]
pub(in crate::fetch) struct Record {
    /// Its number, counted from 1 as a spreadsheet does: blank rows count, line breaks inside cells do not.
    pub(in crate::fetch) number: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The cell with text after its closing quotation mark, if any.
    pub(in crate::fetch) loose_end: Option<usize>,
    /// The cell with white space before its opening quotation mark, which therefore is plain text, if any.
    pub(in crate::fetch) late_quote: Option<usize>,
    /// The cell without quotation marks around it that has one inside, if any.
    pub(in crate::fetch) inner_quote: Option<usize>,
    /// Whether a cell in quotation marks has line breaks in it.
    pub(in crate::fetch) spans_lines: bool,
    /// How many cells stand in quotation marks.
    pub(in crate::fetch) quoted_cells: usize,
    /// Whether there were more than [`MAX_COLUMNS`] cells; the others are not kept.
    pub(in crate::fetch) too_wide: bool,
}

impl Record {
    /// How many cells there are.
    pub(in crate::fetch) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at `index`.
    pub(in crate::fetch) fn cell(&self, index: usize) -> &[u8] {
        let from = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[from..self.ends[index]]
    }

    /// Whether all cells are empty.
    pub(in crate::fetch) fn is_blank(&self) -> bool {
        self.text.is_empty() && !self.too_wide
    }

    /// Whether a NUL character is in it.
    pub(in crate::fetch) fn has_nul(&self) -> bool {
        self.text.contains(&0)
    }

    fn clear(&mut self) {
        let (text, ends) = (std::mem::take(&mut self.text), std::mem::take(&mut self.ends));
        *self = Self { text, ends, ..Self::default() };
        self.text.clear();
        self.ends.clear();
    }
}

/// What cannot be cut.
#[derive(Debug)]
pub(in crate::fetch) enum Uncut {
    /// The text could not be read.
    Io(io::Error),
    /// The quotation mark that opens this cell is never closed.
    Unclosed { row: u64, cell: usize },
    /// The quotation mark that opens this cell takes line breaks along, and the one that ends it stands before text: it
    /// opens another cell.
    Swallowing { row: u64, cell: usize },
    /// The cell is longer than [`MAX_CELL`].
    LongCell { row: u64, cell: usize, quoted: bool },
    /// The record is longer than [`MAX_RECORD`].
    LongRecord { row: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first byte of a cell.
    Start,
    /// After white space that began a cell.
    Space,
    /// In a cell without quotation marks, or after the closing one.
    Plain,
    /// Inside quotation marks.
    Quoted,
    /// After a quotation mark inside quotation marks: it closes, or is doubled.
    Closing,
    /// After spaces that follow a closing quotation mark.
    Closed,
}

/// Cuts what `input` reads.
pub(in crate::fetch) struct Records<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    number: u64,
    /// Whether the last byte was a carriage return that ended a record: a line feed after it belongs to it.
    returned: bool,
}

impl<R: Read> Records<R> {
    /// Cuts at `delimiter`.
    pub(in crate::fetch) fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, buffer: vec![0; 64 * 1024], at: 0, end: 0, number: 0, returned: false }
    }

    /// The cell that is being read takes rows along.
    const fn swallowing(&self, record: &Record) -> Uncut {
        Uncut::Swallowing { row: self.number, cell: record.ends.len() }
    }

    fn fill(&mut self) -> io::Result<bool> {
        while self.at == self.end {
            (self.at, self.end) = (0, 0);
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end = count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads the next record into `record`, blank ones too; `false` at the end.
    pub(in crate::fetch) fn next(&mut self, record: &mut Record) -> Result<bool, Uncut> {
        record.clear();
        let mut at = At::Start;
        let mut cell_start = 0;
        let mut begun = false;
        let (mut has_break, mut is_loose) = (false, false);
        let mut closed_at = 0;
        self.number += 1;
        record.number = self.number;
        while self.fill().map_err(Uncut::Io)? {
            if self.returned && self.buffer[self.at] == b'\n' {
                self.at += 1;
                self.returned = false;
                continue;
            }
            self.returned = false;
            begun = true;
            let mut from = self.at;
            let mut ended = false;
            while self.at < self.end {
                let byte = self.buffer[self.at];
                let inside = at == At::Quoted;
                if byte == b'"' && at != At::Plain {
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    at = match at {
                        At::Start => {
                            record.quoted_cells += 1;
                            has_break = false;
                            At::Quoted
                        }
                        At::Quoted => {
                            closed_at = record.text.len();
                            At::Closing
                        }
                        At::Closing => {
                            record.text.push(b'"');
                            At::Quoted
                        }
                        At::Closed if has_break => return Err(self.swallowing(record)),
                        At::Closed => {
                            is_loose = true;
                            record.text.insert(closed_at, b'"');
                            record.text.push(b'"');
                            At::Plain
                        }
                        At::Space | At::Plain => {
                            record.late_quote.get_or_insert(record.ends.len());
                            record.text.push(b'"');
                            At::Plain
                        }
                    };
                } else if !inside && (byte == self.delimiter || byte == b'\n' || byte == b'\r') {
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    at = At::Start;
                    ended = byte != self.delimiter;
                    self.returned = byte == b'\r';
                    if std::mem::take(&mut is_loose) {
                        mend_loose_end(record, cell_start);
                    }
                    // A break right at the beginning is a blank row: one empty cell, like any other.
                    close(record, cell_start, self.number, false)?;
                    cell_start = record.text.len();
                    if ended {
                        self.at += 1;
                        break;
                    }
                } else if inside {
                    if byte == b'\n' || byte == b'\r' {
                        has_break = true;
                        record.spans_lines = true;
                    }
                } else if (at == At::Closing || at == At::Closed) && byte == b' ' {
                    at = At::Closed;
                } else if at == At::Closing || at == At::Closed {
                    if has_break {
                        return Err(self.swallowing(record));
                    }
                    is_loose = true;
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at;
                    record.text.insert(closed_at, b'"');
                    at = At::Plain;
                } else if byte == b'"' {
                    if !is_loose && record.late_quote != Some(record.ends.len()) {
                        record.inner_quote.get_or_insert(record.ends.len());
                    }
                } else if at == At::Start && byte == b' ' {
                    at = At::Space;
                } else if at == At::Start || byte != b' ' {
                    at = At::Plain;
                }
                self.at += 1;
            }
            if ended {
                return Ok(true);
            }
            record.text.extend_from_slice(&self.buffer[from..self.end]);
            if record.text.len() - cell_start > MAX_CELL {
                let quoted = at == At::Quoted;
                return Err(Uncut::LongCell { row: self.number, cell: record.ends.len(), quoted });
            }
        }
        if at == At::Quoted {
            return Err(Uncut::Unclosed { row: self.number, cell: record.ends.len() });
        }
        if is_loose {
            mend_loose_end(record, cell_start);
        }
        if begun {
            close(record, cell_start, self.number, at == At::Closing)?;
        }
        Ok(begun)
    }
}

/// A cell with text after its closing quotation mark: the marks inside belong to the text (`"20" pipe"` is `20" pipe`),
/// and where none ends it, all of them do.
fn mend_loose_end(record: &mut Record, cell_start: usize) {
    record.loose_end.get_or_insert(record.ends.len());
    if record.text.len() > cell_start && record.text.last() == Some(&b'"') {
        record.text.pop();
    } else {
        record.text.insert(cell_start, b'"');
    }
}

fn close(record: &mut Record, cell_start: usize, row: u64, quoted: bool) -> Result<(), Uncut> {
    let length = record.text.len() - cell_start;
    if length > MAX_CELL {
        return Err(Uncut::LongCell { row, cell: record.ends.len(), quoted });
    }
    if record.text.len() > MAX_RECORD {
        return Err(Uncut::LongRecord { row });
    }
    if record.ends.len() < MAX_COLUMNS {
        record.ends.push(record.text.len());
    } else {
        record.text.truncate(cell_start);
        record.too_wide |= length > 0;
    }
    Ok(())
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
