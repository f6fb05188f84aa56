//! Collects the cells of a tab into rows below a header and writes them to a file.

use std::path::Path;

use super::cell_notes::{CellNotes, repeated_cell_reason};
use super::cell_place::{CellArea, column_letters};
use super::collected_rows::CollectedRows;
use super::part_reader::ReadLimit;
use super::row_draft::{RowDraft, UnsavedAreas};
use super::workbook_errors::{no_header_error, over_max_bytes, unreadable_workbook, unsaved_header_error};
use crate::domain::read_options::ReadOptions;
use crate::domain::rows::row::{CellRepair, NUL_DROPPED_MESSAGE, TextRow, column_names};
use crate::domain::text::counts::group_digits;
use crate::fetch::FetchError;
use crate::fetch::csv::record::{MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, too_many_columns_message};
use crate::fetch::row_file::RowWriter;

/// The most rows that a tab can have in any of these formats.
const MAX_ROWS: u32 = 1_048_576;
/// The most columns that a tab can have in any of these formats.
const MAX_TAB_COLUMNS: u32 = 16_384;
/// How many cells are read between two checks of the limit.
const CELLS_PER_CHECK: u64 = 1000;

/// Collects the cells of one tab, which must be added in the order of their rows.
pub(super) struct RowCollector<'a> {
    limit: ReadLimit<'a>,
    /// The row that is set as the header, from 1.
    header_row: Option<u64>,
    /// Whether rows with more cells than columns are accepted, without the extra cells.
    takes_long_rows: bool,
    rows: RowWriter,
    columns: Vec<String>,
    has_header: bool,
    /// The size of the rows as CSV, including a separator for each empty cell.
    bytes: u64,
    max_bytes: u64,
    /// The row that is being collected, from 0, and its cells.
    row: u32,
    draft: RowDraft,
    row_bytes: usize,
    /// How many cells were read.
    cell_count: u64,
    unsaved_areas: UnsavedAreas,
    /// The last row that is or may be the header.
    header_at: u64,
    /// The columns of formulas without a saved value in that row: to the right of its text, or all if it has no text.
    beside_header: Vec<usize>,
    notes: CellNotes,
}

impl<'a> RowCollector<'a> {
    /// Writes the rows to a file in `folder`, at most `max_bytes` in the form of CSV.
    ///
    /// # Errors
    /// `disk` when the temporary file cannot be created.
    pub(super) fn new(
        folder: &Path,
        max_bytes: u64,
        options: &ReadOptions,
        limit: ReadLimit<'a>,
    ) -> Result<Self, FetchError> {
        Ok(Self {
            limit,
            header_row: options.header_row,
            takes_long_rows: options.accept_header_mismatch,
            rows: RowWriter::new(folder)?,
            columns: Vec::new(),
            has_header: false,
            bytes: 0,
            max_bytes,
            row: 0,
            draft: RowDraft::default(),
            row_bytes: 0,
            cell_count: 0,
            unsaved_areas: UnsavedAreas::default(),
            header_at: 0,
            beside_header: Vec::new(),
            notes: CellNotes::default(),
        })
    }

    /// Adds the cell at `row` and `column`, both counted from 0. `bytes` is at least the length of its text, which
    /// `text` builds only if the length is allowed.
    ///
    /// # Errors
    /// `corrupt_workbook` when cells are not in row order or are outside of a tab; `cell_too_large`, `row_too_large`,
    /// `too_large` and the errors about the header.
    pub(super) fn add_cell(
        &mut self,
        row: u32,
        column: u32,
        bytes: usize,
        text: impl FnOnce() -> String,
    ) -> Result<(), FetchError> {
        self.begin_cell(row, column)?;
        if bytes > MAX_CELL_BYTES {
            return Err(FetchError::failed(
                "cell_too_large",
                format!(
                    "Row {}, {}: the cell is larger than {} MiB. Shorten it and sync again.",
                    group_digits(u64::from(row) + 1),
                    self.column_label(column),
                    MAX_CELL_BYTES / (1024 * 1024)
                ),
            ));
        }
        self.row_bytes += bytes;
        if self.row_bytes > MAX_RECORD_BYTES {
            let max = MAX_RECORD_BYTES / (1024 * 1024);
            let row = group_digits(u64::from(row) + 1);
            let message = format!("Row {row}: the row is larger than {max} MiB. Shorten its cells and sync again.");
            return Err(FetchError::failed("row_too_large", message));
        }
        let text = text();
        if !text.is_empty() {
            self.draft.put(column, text);
        }
        Ok(())
    }

    /// Notes that the last cell, in `column`, is a number that spreadsheets round.
    pub(super) fn mark_rounded(&mut self, column: u32) {
        self.draft.rounded_numbers.push(column as usize);
    }

    /// Adds a cell with a formula whose value was never saved.
    ///
    /// # Errors
    /// As [`RowCollector::add_cell`].
    pub(super) fn add_unsaved_formula(&mut self, row: u32, column: u32) -> Result<(), FetchError> {
        self.begin_cell(row, column)?;
        self.draft.put_unsaved(column);
        Ok(())
    }

    /// Notes that the last cell is a formula that fills this area.
    pub(super) fn add_unsaved_area(&mut self, area: CellArea) {
        let width = self.width();
        self.unsaved_areas.add(area, width);
    }

    /// Notes that there are two cells at this position, of which calamine returned only one.
    ///
    /// # Errors
    /// As [`RowCollector::add_cell`].
    pub(super) fn add_repeated_cell(&mut self, row: u32, column: u32) -> Result<(), FetchError> {
        self.begin_cell(row, column)?;
        self.draft.repeated = Some(column);
        Ok(())
    }

    fn begin_cell(&mut self, row: u32, column: u32) -> Result<(), FetchError> {
        self.cell_count += 1;
        if self.cell_count.is_multiple_of(CELLS_PER_CHECK) {
            self.limit.check()?;
        }
        if row < self.row {
            return Err(unreadable_workbook("its rows are not in order"));
        }
        if row >= MAX_ROWS || column >= MAX_TAB_COLUMNS {
            return Err(unreadable_workbook("a cell lies outside the tab"));
        }
        if row > self.row {
            self.end_row()?;
            self.row = row;
        }
        Ok(())
    }

    /// Repeats the current row `times` times, for files that store equal rows once.
    pub(super) fn repeat_row(&mut self, times: u32) -> Result<(), FetchError> {
        if self.draft.is_blank() {
            return Ok(());
        }
        let draft = self.draft.clone();
        for _ in 0..times {
            self.limit.check()?;
            let row = self.row;
            self.end_row()?;
            if row + 1 >= MAX_ROWS {
                return Ok(());
            }
            self.row = row + 1;
            self.draft.clone_from(&draft);
        }
        Ok(())
    }

    /// The number of columns: that of the header, or before the header the most that a tab can have.
    fn width(&self) -> usize {
        if self.has_header { self.columns.len() } else { MAX_TAB_COLUMNS as usize }
    }

    fn column_label(&self, column: u32) -> String {
        match self.columns.get(column as usize) {
            Some(name) => format!("“{name}”"),
            None => format!("column {}", column_letters(column)),
        }
    }

    /// Writes the complete row.
    fn end_row(&mut self) -> Result<(), FetchError> {
        let number = u64::from(self.row) + 1;
        self.row_bytes = 0;
        let mut draft = std::mem::take(&mut self.draft);
        if draft.is_blank() {
            return Ok(());
        }
        self.limit.check()?;
        draft.fill_areas(self.row, self.width(), &self.unsaved_areas);
        if self.has_header {
            return self.write_row(number, draft);
        }
        let RowDraft { mut cells, unsaved_formulas, repeated, .. } = draft;
        // A formula above the table or beside its header, such as the current date, is not a column name.
        let has_text = cells.iter().any(|cell| !cell.chars().all(|c| c == '\0' || c.is_whitespace()));
        let is_header = self.header_row.map_or(has_text, |row| row == number);
        if is_header {
            if repeated.is_some() {
                return Err(unreadable_workbook("two cells of its header have the same place"));
            }
            // Empty cells at the end of a header are not columns.
            let width = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
            if width > MAX_COLUMNS {
                return Err(FetchError::failed("too_many_columns", too_many_columns_message("tab")));
            }
            let is_name = |position: &usize| *position < width || !has_text;
            if let Some(position) = unsaved_formulas.iter().find(|position| is_name(position)) {
                return Err(unsaved_header_error(number, *position));
            }
            let is_named = |position| self.beside_header.binary_search(&position).is_ok();
            if self.header_row.is_none() && self.header_at + 1 == number && width > 1 && (0..width).all(is_named) {
                return Err(unsaved_header_error(self.header_at, 0));
            }
            self.header_at = number;
            self.beside_header = unsaved_formulas;
            cells.truncate(width);
            self.columns = column_names(&cells);
            self.has_header = width > 0;
        } else {
            (self.header_at, self.beside_header) = (number, unsaved_formulas);
        }
        if !self.has_header && self.header_row.is_some_and(|row| row <= number) {
            return Err(no_header_error(self.header_row));
        }
        Ok(())
    }

    fn write_row(&mut self, number: u64, draft: RowDraft) -> Result<(), FetchError> {
        let width = self.columns.len();
        let RowDraft { mut cells, mut unsaved_formulas, mut rounded_numbers, repeated } = draft;
        let is_beside = |position: &&usize| self.beside_header.binary_search(position).is_ok();
        if !cells.is_empty()
            && let Some(position) = unsaved_formulas.iter().find(is_beside)
        {
            // The formula beside the header names a column of formulas.
            return Err(unsaved_header_error(self.header_at, *position));
        }
        unsaved_formulas.retain(|position| *position < width);
        rounded_numbers.retain(|position| *position < width);
        // A row that has only such formulas, filled down below the table, is not an entry.
        if !cells.is_empty() {
            self.notes.unsaved_formulas.add(number, &unsaved_formulas);
        }
        self.notes.rounded_numbers.add(number, &rounded_numbers);
        let refusal = repeated.map(|column| repeated_cell_reason(number, column));
        let mut repairs = Vec::new();
        // Workbooks do not store empty cells at the end of a row, so a short row is not a sign of damage.
        let row_width = width.max(cells.len());
        let extra = if cells.len() > width { cells.split_off(width) } else { Vec::new() };
        for (position, cell) in cells.iter_mut().enumerate() {
            if cell.contains('\0') {
                cell.retain(|c| c != '\0');
                repairs.push(CellRepair::common_in_cell(Some(position), NUL_DROPPED_MESSAGE));
            }
        }
        let text: usize = cells.iter().chain(&extra).map(String::len).sum();
        self.bytes += (text + width + extra.len()) as u64;
        if self.bytes > self.max_bytes {
            let max = self.max_bytes.div_ceil(1_000_000);
            return Err(over_max_bytes(&format!("Its rows have more than {max} MB.")));
        }
        cells.resize(width, String::new());
        let is_beyond = extra.iter().any(|cell| !cell.trim().is_empty());
        let is_filled = |position: &&usize| extra.get(**position - width).is_some_and(|cell| !cell.trim().is_empty());
        if let Some(position) = self.beside_header.iter().find(is_filled) {
            // The formula beside the header is the name of a column, because the column has values.
            return Err(unsaved_header_error(self.header_at, *position));
        }
        let surplus = is_beyond && !self.takes_long_rows;
        self.rows.push(&TextRow {
            number,
            cells,
            surplus,
            width: Some(row_width),
            extra,
            refusal,
            unsaved_formulas,
            rounded_numbers,
            repairs,
            ..TextRow::default()
        })
    }

    /// Finishes the last row and returns columns, rows and notes.
    ///
    /// # Errors
    /// `no_header` when the row that is set as the header row does not exist, and those of [`RowCollector::add_cell`].
    pub(super) fn finish(mut self) -> Result<CollectedRows, FetchError> {
        self.end_row()?;
        if !self.has_header && self.header_row.is_some() {
            return Err(no_header_error(self.header_row));
        }
        let Self { columns, rows, notes, .. } = self;
        let notes = notes.into_issues(&columns);
        Ok(CollectedRows { columns, rows, notes })
    }
}
