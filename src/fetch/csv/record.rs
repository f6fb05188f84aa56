//! One record of a CSV file with its irregularities, and the errors for text that cannot be split into records.

use std::io;
use std::ops::Range;

use crate::domain::text::counts::group_digits;

/// The longest cell in bytes.
pub(in crate::fetch) const MAX_CELL_BYTES: usize = 1024 * 1024;
/// The most columns.
pub(in crate::fetch) const MAX_COLUMNS: usize = 10_000;

/// The message about a header with more than [`MAX_COLUMNS`]. `place` is what has the header: `tab` or `file`.
pub(in crate::fetch) fn too_many_columns_message(place: &str) -> String {
    format!(
        "The header has more than {} columns, which is the maximum. Remove empty columns at its end, or move some \
         columns to another {place}.",
        group_digits(MAX_COLUMNS as u64)
    )
}

/// The longest record in bytes.
pub(in crate::fetch) const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// Ctrl-Z, which DOS programs write at the end of a file.
const CTRL_Z: u8 = 0x1A;

/// One record. Its cells are stored one after the other in `text`.
#[derive(Clone, Default, Debug)]
pub(super) struct CsvRecord {
    /// The number of the row, counted from 1 as in a spreadsheet: blank rows count, line breaks inside cells do not.
    pub(super) number: u64,
    pub(super) text: Vec<u8>,
    pub(super) cell_ends: Vec<usize>,
    /// The cell with text after its closing quotation mark, if any.
    pub(super) loose_end: Option<usize>,
    /// The cell with white space before its opening quotation mark, if any. Its quotation marks are plain text.
    pub(super) late_quote: Option<usize>,
    /// The cell that has a quotation mark inside but none around it, if any.
    pub(super) inner_quote: Option<usize>,
    /// Whether a cell in quotation marks has line breaks in it.
    pub(super) spans_lines: bool,
    /// Whether the file ends in this record, without a line end.
    pub(super) ends_file: bool,
    /// Whether a byte order mark precedes the record, as in concatenated files. The mark is not part of a cell.
    pub(super) begins_file: bool,
    /// Where its cells begin and end in the decoded text, in bytes. The line end after it is not part of it.
    pub(super) span: Range<u64>,
    /// How many cells are enclosed in quotation marks.
    pub(super) quoted_cells: usize,
    /// Whether there were more than [`MAX_COLUMNS`] cells. Those beyond are not kept.
    pub(super) too_wide: bool,
}

impl CsvRecord {
    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.cell_ends.len()
    }

    /// The cell at `index`.
    pub(super) fn cell(&self, index: usize) -> &[u8] {
        let from = if index == 0 { 0 } else { self.cell_ends[index - 1] };
        &self.text[from..self.cell_ends[index]]
    }

    /// The cell at `index` as text. Called for every cell of a table, so the check that is fast for short texts comes
    /// first.
    pub(super) fn cell_text(&self, index: usize) -> String {
        let cell = self.cell(index);
        std::str::from_utf8(cell).map_or_else(|_| String::from_utf8_lossy(cell).into_owned(), str::to_owned)
    }

    /// Whether all cells are empty.
    pub(super) fn is_blank(&self) -> bool {
        (self.text.is_empty() || self.text == [CTRL_Z]) && !self.too_wide
    }

    /// Whether a NUL character is in it.
    pub(super) fn has_nul(&self) -> bool {
        self.text.contains(&0)
    }

    /// Empties the record and keeps its memory.
    pub(super) fn clear(&mut self) {
        let (text, cell_ends) = (std::mem::take(&mut self.text), std::mem::take(&mut self.cell_ends));
        *self = Self { text, cell_ends, ..Self::default() };
        self.text.clear();
        self.cell_ends.clear();
    }
}

/// Why the text could not be split into records.
#[derive(Debug)]
pub(super) enum RecordError {
    /// The text could not be read.
    Io(io::Error),
    /// The quotation mark that opens this cell is never closed.
    Unclosed { row: u64, cell: usize },
    /// The quotation mark that opens this cell encloses line breaks, and text follows the closing one. The closing one
    /// was probably meant to open another cell.
    Swallowing { row: u64, cell: usize },
    /// The cell is longer than [`MAX_CELL_BYTES`].
    LongCell { row: u64, cell: usize, quoted: bool },
    /// The record is longer than [`MAX_RECORD_BYTES`].
    LongRecord { row: u64 },
}
