//! The record that is being read: interprets its quotation marks and closes its cells.

use super::record::{CsvRecord, MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, RecordError};

/// Where in a cell the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CellState {
    /// Before the first byte of a cell.
    Start,
    /// After white space that began a cell.
    Space,
    /// In a cell without quotation marks, or after the closing one.
    Plain,
    /// Inside quotation marks.
    Quoted,
    /// After a quotation mark inside quotation marks, which either closes the cell or is the first of two.
    Closing,
    /// After spaces that follow a closing quotation mark.
    Closed,
}

/// A record up to the byte that is read next.
pub(super) struct OpenRecord<'r> {
    pub(super) record: &'r mut CsvRecord,
    pub(super) state: CellState,
    /// Where the text of the current cell begins.
    cell_start: usize,
    /// Where the quoted text of the cell ends.
    closed_at: usize,
    /// Whether the quoted text contains a line break.
    has_break: bool,
    /// Whether the cell has text after its closing quotation mark.
    is_loose: bool,
}

impl<'r> OpenRecord<'r> {
    /// Begins the record with this number in `record`.
    pub(super) fn new(record: &'r mut CsvRecord, number: u64) -> Self {
        record.clear();
        record.number = number;
        Self { record, state: CellState::Start, cell_start: 0, closed_at: 0, has_break: false, is_loose: false }
    }

    /// Adds text to the current cell.
    pub(super) fn push_text(&mut self, text: &[u8]) {
        self.record.text.extend_from_slice(text);
    }

    /// Handles a quotation mark, except within text without quotation marks.
    ///
    /// # Errors
    /// [`RecordError::Swallowing`] for a mark after a quoted cell with a line break.
    pub(super) fn read_quote(&mut self) -> Result<(), RecordError> {
        let record = &mut *self.record;
        self.state = match self.state {
            CellState::Start => {
                record.quoted_cells += 1;
                self.has_break = false;
                CellState::Quoted
            }
            CellState::Quoted => {
                self.closed_at = record.text.len();
                CellState::Closing
            }
            CellState::Closing => {
                record.text.push(b'"');
                CellState::Quoted
            }
            CellState::Closed => {
                self.keep_closing_quote()?;
                self.push_text(b"\"");
                CellState::Plain
            }
            CellState::Space | CellState::Plain => {
                record.late_quote.get_or_insert(record.cell_ends.len());
                record.text.push(b'"');
                CellState::Plain
            }
        };
        Ok(())
    }

    /// Handles text after a closing quotation mark.
    ///
    /// # Errors
    /// [`RecordError::Swallowing`] if the quoted text contains a line break.
    pub(super) fn read_text_after_quote(&mut self) -> Result<(), RecordError> {
        self.keep_closing_quote()?;
        self.state = CellState::Plain;
        Ok(())
    }

    /// Makes the closing quotation mark a part of the text, because text follows it.
    fn keep_closing_quote(&mut self) -> Result<(), RecordError> {
        if self.has_break {
            return Err(RecordError::Swallowing { row: self.record.number, cell: self.record.cell_ends.len() });
        }
        self.is_loose = true;
        self.record.text.insert(self.closed_at, b'"');
        Ok(())
    }

    /// Notes a quotation mark within text without quotation marks.
    pub(super) fn note_inner_quote(&mut self) {
        let cell = self.record.cell_ends.len();
        if !self.is_loose && self.record.late_quote != Some(cell) {
            self.record.inner_quote.get_or_insert(cell);
        }
    }

    /// Notes a line break inside quotation marks.
    pub(super) fn note_break(&mut self) {
        self.has_break = true;
        self.record.spans_lines = true;
    }

    /// Completes the current cell, which a delimiter or a line break ends.
    ///
    /// # Errors
    /// [`RecordError::LongCell`] and [`RecordError::LongRecord`].
    pub(super) fn end_cell(&mut self) -> Result<(), RecordError> {
        self.state = CellState::Start;
        if std::mem::take(&mut self.is_loose) {
            self.keep_quotes_as_text();
        }
        // A line break at the beginning of a record is a blank row, which has one empty cell.
        self.close_cell(false)?;
        self.cell_start = self.record.text.len();
        Ok(())
    }

    /// Checks the length of a cell that may not be complete.
    ///
    /// # Errors
    /// [`RecordError::LongCell`].
    pub(super) fn check_cell_length(&self, quoted: bool) -> Result<(), RecordError> {
        if self.record.text.len() - self.cell_start > MAX_CELL_BYTES {
            return Err(RecordError::LongCell { row: self.record.number, cell: self.record.cell_ends.len(), quoted });
        }
        Ok(())
    }

    /// Completes the record at the end of the text. Returns `false` if it has not begun: there is no further record.
    ///
    /// # Errors
    /// [`RecordError::Unclosed`], and as [`OpenRecord::end_cell`].
    pub(super) fn finish(mut self, has_begun: bool) -> Result<bool, RecordError> {
        if self.state == CellState::Quoted {
            return Err(RecordError::Unclosed { row: self.record.number, cell: self.record.cell_ends.len() });
        }
        if self.is_loose {
            self.keep_quotes_as_text();
        }
        if has_begun {
            self.record.ends_file = true;
            self.close_cell(self.state == CellState::Closing)?;
        }
        Ok(has_begun)
    }

    /// Completes a cell with text after its closing quotation mark. The quotation marks inside belong to its text:
    /// `"20" pipe"` is `20" pipe`. If the cell does not end with a quotation mark, the first one belongs to its text,
    /// too.
    fn keep_quotes_as_text(&mut self) {
        let record = &mut *self.record;
        record.loose_end.get_or_insert(record.cell_ends.len());
        if record.text.len() > self.cell_start && record.text.last() == Some(&b'"') {
            record.text.pop();
        } else {
            record.text.insert(self.cell_start, b'"');
        }
    }

    fn close_cell(&mut self, quoted: bool) -> Result<(), RecordError> {
        self.check_cell_length(quoted)?;
        let record = &mut *self.record;
        if record.text.len() > MAX_RECORD_BYTES {
            return Err(RecordError::LongRecord { row: record.number });
        }
        if record.cell_ends.len() < MAX_COLUMNS {
            record.cell_ends.push(record.text.len());
        } else {
            record.too_wide |= record.text.len() > self.cell_start;
            record.text.truncate(self.cell_start);
        }
        Ok(())
    }
}
