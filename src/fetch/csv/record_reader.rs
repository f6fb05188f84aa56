//! Reads records from decoded CSV text, one at a time.
//!
//! The csv crate reads the same cells (a test compares the two). But it does not report blank rows, quotation marks
//! that are never closed or enclose further rows, or text next to quotation marks. And if a quotation mark is never
//! closed, it reads the whole rest of the file into memory. A sync must know all of that before it accepts a row.

use std::io::{self, Read};

use super::open_record::{CellState, OpenRecord};
use super::record::{CsvRecord, RecordError};

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Reads records from `input`.
pub(super) struct RecordReader<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// How many bytes of the text precede the buffer.
    passed: u64,
    number: u64,
    /// Whether the last byte was a carriage return that ended a record: a line feed after it belongs to it.
    ended_by_cr: bool,
}

impl<R: Read> RecordReader<R> {
    /// Reads records whose cells are separated by `delimiter`.
    pub(super) fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, buffer: vec![0; 64 * 1024], at: 0, end: 0, passed: 0, number: 0, ended_by_cr: false }
    }

    fn fill_buffer(&mut self) -> io::Result<bool> {
        while self.at == self.end {
            self.passed += self.end as u64;
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

    /// The position of the next byte in the text.
    fn position(&self) -> u64 {
        self.passed + self.at as u64
    }

    /// Whether the next bytes are a byte order mark, of which some may still have to be read.
    fn is_at_byte_order_mark(&mut self) -> io::Result<bool> {
        if self.buffer[self.at] != BYTE_ORDER_MARK[0] {
            return Ok(false);
        }
        while self.end - self.at < BYTE_ORDER_MARK.len() {
            self.buffer.copy_within(self.at..self.end, 0);
            self.passed += self.at as u64;
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
    fn count_ordinary_bytes(&self, state: CellState) -> usize {
        let rest = &self.buffer[self.at..self.end];
        let is_sign = |byte: &u8| matches!(byte, b'"' | b'\n' | b'\r');
        let found = match state {
            CellState::Plain => rest.iter().position(|byte| *byte == self.delimiter || is_sign(byte)),
            CellState::Quoted => rest.iter().position(is_sign),
            CellState::Start | CellState::Space | CellState::Closing | CellState::Closed => Some(0),
        };
        found.unwrap_or(rest.len())
    }

    /// Reads the next record, which may be blank, into `record`. Returns `false` at the end of the text.
    ///
    /// # Errors
    /// Any [`RecordError`]. The reader must not be used after an error.
    pub(super) fn next(&mut self, record: &mut CsvRecord) -> Result<bool, RecordError> {
        self.number += 1;
        let mut open = OpenRecord::new(record, self.number);
        let mut has_begun = false;
        while self.fill_buffer().map_err(RecordError::Io)? {
            if self.ended_by_cr && self.buffer[self.at] == b'\n' {
                self.at += 1;
                self.ended_by_cr = false;
                continue;
            }
            self.ended_by_cr = false;
            if !has_begun && self.number > 1 && self.is_at_byte_order_mark().map_err(RecordError::Io)? {
                self.at += BYTE_ORDER_MARK.len();
                (has_begun, open.record.begins_file) = (true, true);
                open.record.span.start = self.position();
                continue;
            }
            if !has_begun {
                has_begun = true;
                open.record.span.start = self.position();
            }
            if self.read_buffer(&mut open)? {
                return Ok(true);
            }
            open.check_cell_length(open.state == CellState::Quoted)?;
        }
        open.record.span.end = self.position();
        open.finish(has_begun)
    }

    /// Reads on to the end of the record, or of the buffer. Returns whether the record is complete.
    fn read_buffer(&mut self, open: &mut OpenRecord<'_>) -> Result<bool, RecordError> {
        // Where the text begins that is not part of the record yet.
        let mut from = self.at;
        while self.at < self.end {
            self.at += self.count_ordinary_bytes(open.state);
            let Some(&byte) = self.buffer[..self.end].get(self.at) else { break };
            let ends_record = byte == b'\n' || byte == b'\r';
            match open.state {
                CellState::Plain if byte == b'"' => open.note_inner_quote(),
                _ if byte == b'"' => {
                    open.push_text(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    open.read_quote()?;
                }
                CellState::Quoted if ends_record => open.note_break(),
                CellState::Quoted => {}
                _ if ends_record || byte == self.delimiter => {
                    open.push_text(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    self.ended_by_cr = byte == b'\r';
                    open.end_cell()?;
                    if ends_record {
                        open.record.span.end = self.position();
                        self.at += 1;
                        return Ok(true);
                    }
                }
                CellState::Closing | CellState::Closed if byte == b' ' => open.state = CellState::Closed,
                CellState::Closing | CellState::Closed => {
                    open.push_text(&self.buffer[from..self.at]);
                    from = self.at;
                    open.read_text_after_quote()?;
                }
                CellState::Start | CellState::Space if byte == b' ' => open.state = CellState::Space,
                CellState::Start | CellState::Space => open.state = CellState::Plain,
                CellState::Plain => {}
            }
            self.at += 1;
        }
        open.push_text(&self.buffer[from..self.end]);
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
