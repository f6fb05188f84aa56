//! Reads records from decoded CSV text, one at a time.
//!
//! The csv crate reads the same cells (a test compares the two). But it does not report blank rows, quotation marks
//! that are never closed or enclose further rows, or text next to quotation marks. And if a quotation mark is never
//! closed, it reads the whole rest of the file into memory. A sync must know all of that before it accepts a row.

use std::io::{self, Read};

use super::record::{CsvRecord, MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, RecordError};

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordState {
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

/// Reads records from `input`.
pub(super) struct RecordReader<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    number: u64,
    /// Whether the last byte was a carriage return that ended a record: a line feed after it belongs to it.
    ended_by_cr: bool,
}

impl<R: Read> RecordReader<R> {
    /// Reads records whose cells are separated by `delimiter`.
    pub(super) fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, buffer: vec![0; 64 * 1024], at: 0, end: 0, number: 0, ended_by_cr: false }
    }

    /// The error for a cell that encloses further rows.
    const fn swallowing_error(&self, record: &CsvRecord) -> RecordError {
        RecordError::Swallowing { row: self.number, cell: record.cell_ends.len() }
    }

    fn fill_buffer(&mut self) -> io::Result<bool> {
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

    /// Whether the next bytes are a byte order mark, of which some may still have to be read.
    fn is_at_byte_order_mark(&mut self) -> io::Result<bool> {
        if self.buffer[self.at] != BYTE_ORDER_MARK[0] {
            return Ok(false);
        }
        while self.end - self.at < BYTE_ORDER_MARK.len() {
            self.buffer.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer[self.at..self.end].starts_with(&BYTE_ORDER_MARK))
    }

    /// How many of the next bytes are plain text of the cell. They are most of a file, so they are handled in a
    /// separate loop.
    fn count_ordinary_bytes(&self, at: RecordState) -> usize {
        let rest = &self.buffer[self.at..self.end];
        let is_sign = |byte: &u8| matches!(byte, b'"' | b'\n' | b'\r');
        let found = match at {
            RecordState::Plain => rest.iter().position(|byte| *byte == self.delimiter || is_sign(byte)),
            RecordState::Quoted => rest.iter().position(is_sign),
            RecordState::Start | RecordState::Space | RecordState::Closing | RecordState::Closed => Some(0),
        };
        found.unwrap_or(rest.len())
    }

    /// Reads the next record, which may be blank, into `record`. Returns `false` at the end of the text.
    ///
    /// # Errors
    /// Any [`RecordError`]. The reader must not be used after an error.
    pub(super) fn next(&mut self, record: &mut CsvRecord) -> Result<bool, RecordError> {
        record.clear();
        let mut at = RecordState::Start;
        let mut cell_start = 0;
        let mut begun = false;
        let (mut has_break, mut is_loose) = (false, false);
        let mut closed_at = 0;
        self.number += 1;
        record.number = self.number;
        while self.fill_buffer().map_err(RecordError::Io)? {
            if self.ended_by_cr && self.buffer[self.at] == b'\n' {
                self.at += 1;
                self.ended_by_cr = false;
                continue;
            }
            self.ended_by_cr = false;
            if !begun && self.number > 1 && self.is_at_byte_order_mark().map_err(RecordError::Io)? {
                self.at += BYTE_ORDER_MARK.len();
                (begun, record.begins_file) = (true, true);
                continue;
            }
            begun = true;
            let mut from = self.at;
            let mut ended = false;
            while self.at < self.end {
                self.at += self.count_ordinary_bytes(at);
                let Some(&byte) = self.buffer[..self.end].get(self.at) else { break };
                let inside = at == RecordState::Quoted;
                if byte == b'"' && at != RecordState::Plain {
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    at = match at {
                        RecordState::Start => {
                            record.quoted_cells += 1;
                            has_break = false;
                            RecordState::Quoted
                        }
                        RecordState::Quoted => {
                            closed_at = record.text.len();
                            RecordState::Closing
                        }
                        RecordState::Closing => {
                            record.text.push(b'"');
                            RecordState::Quoted
                        }
                        RecordState::Closed if has_break => return Err(self.swallowing_error(record)),
                        RecordState::Closed => {
                            is_loose = true;
                            record.text.insert(closed_at, b'"');
                            record.text.push(b'"');
                            RecordState::Plain
                        }
                        RecordState::Space | RecordState::Plain => {
                            record.late_quote.get_or_insert(record.cell_ends.len());
                            record.text.push(b'"');
                            RecordState::Plain
                        }
                    };
                } else if !inside && (byte == self.delimiter || byte == b'\n' || byte == b'\r') {
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    at = RecordState::Start;
                    ended = byte != self.delimiter;
                    self.ended_by_cr = byte == b'\r';
                    if std::mem::take(&mut is_loose) {
                        keep_quotes_as_text(record, cell_start);
                    }
                    // A line break at the beginning of a record is a blank row, which has one empty cell.
                    close_cell(record, cell_start, self.number, false)?;
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
                } else if (at == RecordState::Closing || at == RecordState::Closed) && byte == b' ' {
                    at = RecordState::Closed;
                } else if at == RecordState::Closing || at == RecordState::Closed {
                    if has_break {
                        return Err(self.swallowing_error(record));
                    }
                    is_loose = true;
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at;
                    record.text.insert(closed_at, b'"');
                    at = RecordState::Plain;
                } else if byte == b'"' {
                    if !is_loose && record.late_quote != Some(record.cell_ends.len()) {
                        record.inner_quote.get_or_insert(record.cell_ends.len());
                    }
                } else if at == RecordState::Start && byte == b' ' {
                    at = RecordState::Space;
                } else if at == RecordState::Start || byte != b' ' {
                    at = RecordState::Plain;
                }
                self.at += 1;
            }
            if ended {
                return Ok(true);
            }
            record.text.extend_from_slice(&self.buffer[from..self.end]);
            if record.text.len() - cell_start > MAX_CELL_BYTES {
                let quoted = at == RecordState::Quoted;
                return Err(RecordError::LongCell { row: self.number, cell: record.cell_ends.len(), quoted });
            }
        }
        if at == RecordState::Quoted {
            return Err(RecordError::Unclosed { row: self.number, cell: record.cell_ends.len() });
        }
        if is_loose {
            keep_quotes_as_text(record, cell_start);
        }
        if begun {
            record.ends_file = true;
            close_cell(record, cell_start, self.number, at == RecordState::Closing)?;
        }
        Ok(begun)
    }
}

/// Completes a cell with text after its closing quotation mark. The quotation marks inside belong to its text: `"20"
/// pipe"` is `20" pipe`. If the cell does not end with one, the first one belongs to its text, too.
fn keep_quotes_as_text(record: &mut CsvRecord, cell_start: usize) {
    record.loose_end.get_or_insert(record.cell_ends.len());
    if record.text.len() > cell_start && record.text.last() == Some(&b'"') {
        record.text.pop();
    } else {
        record.text.insert(cell_start, b'"');
    }
}

fn close_cell(record: &mut CsvRecord, cell_start: usize, row: u64, quoted: bool) -> Result<(), RecordError> {
    let length = record.text.len() - cell_start;
    if length > MAX_CELL_BYTES {
        return Err(RecordError::LongCell { row, cell: record.cell_ends.len(), quoted });
    }
    if record.text.len() > MAX_RECORD_BYTES {
        return Err(RecordError::LongRecord { row });
    }
    if record.cell_ends.len() < MAX_COLUMNS {
        record.cell_ends.push(record.text.len());
    } else {
        record.text.truncate(cell_start);
        record.too_wide |= length > 0;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
