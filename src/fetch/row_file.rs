//! Rows in a temporary file: written once, read as often as needed, and never all in memory. For kinds whose source is
//! not a text table.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::http::body_file::{BodyReader, create_temporary_file, disk_error};
use super::{FetchError, FetchedContent, RowReader};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::rows::row::TextRow;
use crate::domain::source::Validators;

/// Writes rows to a temporary file.
#[derive(Debug)]
pub(super) struct RowWriter {
    out: BufWriter<File>,
    rows: u64,
}

impl RowWriter {
    /// A new temporary file in `folder`.
    pub(super) fn new(folder: &Path) -> Result<Self, FetchError> {
        let file = create_temporary_file(folder).map_err(|error| disk_error(&error))?;
        Ok(Self { out: BufWriter::new(file), rows: 0 })
    }

    /// Writes a row.
    pub(super) fn push(&mut self, row: &TextRow) -> Result<(), FetchError> {
        let line = serde_json::to_writer(&mut self.out, row).map_err(std::io::Error::from);
        line.and_then(|()| self.out.write_all(b"\n")).map_err(|error| disk_error(&error))?;
        self.rows += 1;
        Ok(())
    }

    /// How many rows were written.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Finishes the file and returns its rows as content.
    pub(super) fn finish(self, summary: RowFileSummary) -> Result<RowFile, FetchError> {
        let Self { out, rows } = self;
        let file = out.into_inner().map_err(|error| disk_error(error.error()))?;
        Ok(RowFile { file, rows, summary, replacements: None, tab_number: None })
    }
}

/// The facts about all rows of a file together.
#[derive(Debug)]
pub(super) struct RowFileSummary {
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    /// The types of the columns that are known. May be shorter than `columns`.
    pub(super) types: Vec<Option<ColumnType>>,
    /// The validators of this version, for the next incremental fetch.
    pub(super) validators: Validators,
    /// How many bytes were fetched for the rows.
    pub(super) bytes: u64,
    /// Whether the rows are everything that the source has.
    pub(super) is_complete: bool,
}

/// Rows in a temporary file.
#[derive(Debug)]
pub(super) struct RowFile {
    file: File,
    rows: u64,
    summary: RowFileSummary,
    /// The position of a column, and the replacements for its cells.
    replacements: Option<(usize, HashMap<String, String>)>,
    /// The number of the tab of a Google Sheet.
    tab_number: Option<u64>,
}

impl RowFile {
    /// The same rows, with cells of the column at `position` replaced: a cell that is a key of `replacements` becomes
    /// its value. This is for names that are final only after all rows were written.
    pub(super) fn with_replaced_cells(self, position: usize, replacements: HashMap<String, String>) -> Self {
        Self { replacements: Some((position, replacements)), ..self }
    }

    /// The same rows, as those of the tab with this number.
    pub(super) fn with_tab_number(self, number: u64) -> Self {
        Self { tab_number: Some(number), ..self }
    }
}

impl FetchedContent for RowFile {
    fn columns(&self) -> &[String] {
        &self.summary.columns
    }

    fn validators(&self) -> &Validators {
        &self.summary.validators
    }

    fn byte_count(&self) -> u64 {
        self.summary.bytes
    }

    fn line_count(&self) -> u64 {
        self.rows
    }

    fn is_complete(&self) -> bool {
        self.summary.is_complete
    }

    fn column_type(&self, position: usize) -> Option<ColumnType> {
        self.summary.types.get(position).copied().flatten()
    }

    fn tab_number(&self) -> Option<u64> {
        self.tab_number
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        let lines = BufReader::new(BodyReader::new(&self.file)).lines();
        Ok(Box::new(lines.map(|line| {
            let line = line.map_err(|error| disk_error(&error))?;
            let mut row: TextRow = serde_json::from_str(&line).map_err(|error| disk_error(&error.into()))?;
            if let Some((position, replacements)) = &self.replacements
                && let Some(cell) = row.cells.get_mut(*position)
                && let Some(name) = replacements.get(cell)
            {
                cell.clone_from(name);
            }
            Ok(row)
        })))
    }
}
