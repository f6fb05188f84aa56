//! A fetched CSV file as a table: named columns, and rows one at a time.

use std::io::Read;

use super::decoding_reader::DecodingReader;
use super::delimiter::{CsvDialect, detect_dialect};
use super::other_format::refuse_other_format;
use super::record::{CsvRecord, RecordError, too_many_columns_message};
use super::record_reader::RecordReader;
use super::structure_errors;
use super::text_survey::{TextSurvey, survey_text};
use crate::domain::issue::Issue;
use crate::domain::read_options::ReadOptions;
use crate::domain::rows::row::{CellRepair, NUL_DROPPED_MESSAGE, TextRow, column_names};
use crate::domain::source::Validators;
use crate::domain::text::encoding_choice::EncodingChoice;
use crate::fetch::http::body_file::{BodyFile, BodyReader, disk_error};
use crate::fetch::{FetchError, FetchObserver, FetchedContent, RowReader};

/// How much of the text is used to detect the delimiter.
const DIALECT_SAMPLE_BYTES: u64 = 256 * 1024;

/// The note about a quotation mark in a cell that does not begin with one.
const INNER_QUOTE_NOTE: &str = "A cell without quotation marks around it contains one; it was kept.";

/// A table in a temporary file.
#[derive(Debug)]
pub(super) struct CsvTable {
    pub(super) content: BodyFile,
    pub(super) survey: TextSurvey,
    pub(super) dialect: CsvDialect,
    columns: Vec<String>,
    /// The number of the record that is the header; 0 if there is none.
    pub(super) header: u64,
    /// How many rows of the tab are above this table. 0 unless the table is a range of a tab.
    rows_above: u64,
    /// Whether rows with more cells than columns are accepted, without the extra cells.
    takes_long_rows: bool,
    validators: Validators,
}

impl CsvTable {
    /// Detects the encoding and the dialect of `content` and reads its header. `charset` is the charset that the server
    /// declared. Row numbers begin after `rows_above`.
    ///
    /// # Errors
    /// `not_csv`, `wrapped_rows`, `separator_mismatch`, `unclosed_quote`, `no_header` and others for content that is
    /// not a table or has a broken header; `disk` when the temporary file cannot be read; [`FetchError::Stopped`].
    pub(super) fn open(
        content: BodyFile,
        charset: Option<&str>,
        validators: Validators,
        options: &ReadOptions,
        rows_above: u64,
        observer: &dyn FetchObserver,
    ) -> Result<Self, FetchError> {
        let mut start = Vec::new();
        content.reader(0).take(1024).read_to_end(&mut start).map_err(|error| disk_error(&error))?;
        refuse_other_format(&start)?;
        let survey = survey_text(|| content.reader(0), options.encoding.as_deref(), charset, observer)?;
        start.clear();
        let text = DecodingReader::new(content.reader(survey.choice.mark_bytes as u64), survey.choice.encoding);
        text.take(DIALECT_SAMPLE_BYTES).read_to_end(&mut start).map_err(|error| disk_error(&error))?;
        let is_whole = (start.len() as u64) < DIALECT_SAMPLE_BYTES;
        // Rows above the header are not part of the table.
        let skipped = options.header_row.map_or(0, |row| row.saturating_sub(1 + rows_above));
        let start = skip_lines(&start, skipped);
        let dialect = detect_dialect(start, is_whole);
        let takes_long_rows = options.accept_header_mismatch;
        let columns = Vec::new();
        let mut table = Self { content, survey, dialect, columns, header: 0, rows_above, takes_long_rows, validators };
        if !options.accept_header_mismatch {
            structure_errors::refuse_wrapped_rows(start, dialect.delimiter)?;
            structure_errors::refuse_other_separator(start, dialect.delimiter)?;
        }
        table.read_header(options.header_row, observer)?;
        if let Some(reason) = table.survey.choice.describe_doubt() {
            observer.report_issue(Issue::noted(None, None, reason));
        }
        Ok(table)
    }

    /// Reads the records from the beginning of the text, after a byte order mark.
    pub(super) fn record_reader(&self) -> RecordReader<DecodingReader<BodyReader<'_>>> {
        let EncodingChoice { encoding, mark_bytes, .. } = self.survey.choice;
        RecordReader::new(DecodingReader::new(self.content.reader(mark_bytes as u64), encoding), self.dialect.delimiter)
    }

    /// Reads the row that is set as the header row, or else the first row that is not blank. A file of blank rows is
    /// read to its end.
    fn read_header(&mut self, header_row: Option<u64>, observer: &dyn FetchObserver) -> Result<(), FetchError> {
        let mut records = self.record_reader();
        let mut record = CsvRecord::default();
        while records.next(&mut record).map_err(|error| self.explain(error))? {
            if observer.should_stop() {
                return Err(FetchError::Stopped);
            }
            if self.dialect.has_sep_line && record.number == 1 {
                continue;
            }
            let row = self.row_number(record.number);
            if header_row.is_some_and(|first| row < first) {
                continue;
            }
            if record.too_wide {
                return Err(FetchError::failed("too_many_columns", too_many_columns_message("file")));
            }
            let cells: Vec<String> = (0..record.len()).map(|index| record.cell_text(index)).collect();
            let is_blank = cells.iter().all(|cell| cell.chars().all(|c| c == '\0' || c.is_whitespace()));
            if !is_blank {
                structure_errors::refuse_swallowed_rows(&cells, &record, row, self.dialect.delimiter)?;
                (self.columns, self.header) = (column_names(&cells), record.number);
                self.report_header_issues(&record, &cells, observer);
                return Ok(());
            }
            if header_row.is_some() {
                return Err(structure_errors::blank_header_error(row));
            }
        }
        match header_row {
            Some(row) if row > 1 => Err(structure_errors::missing_header_row_error(row)),
            _ => Ok(()),
        }
    }

    /// Reports bad encoding and stray quotation marks in column names.
    fn report_header_issues(&self, record: &CsvRecord, cells: &[String], observer: &dyn FetchObserver) {
        for (at, repair) in
            cells.iter().enumerate().filter_map(|(at, cell)| Some((at, self.describe_encoding_problem(at, cell)?)))
        {
            let (row, column) = (Some(self.row_number(record.number)), self.columns.get(at).cloned());
            observer.report_issue(Issue::noted(row, column, repair.message));
        }
        for cell in [record.loose_end, record.late_quote, record.inner_quote].into_iter().flatten() {
            let reason = "This column name contains a quotation mark. Check that it is intended.".to_owned();
            let (row, column) = (Some(self.row_number(record.number)), self.columns.get(cell).cloned());
            observer.report_issue(Issue::noted(row, column, reason));
        }
    }

    /// The row number that people see: Excel's line `sep=;` is not a row.
    pub(super) fn row_number(&self, number: u64) -> u64 {
        number - u64::from(self.dialect.has_sep_line) + self.rows_above
    }

    pub(super) fn explain(&self, error: RecordError) -> FetchError {
        structure_errors::explain_record_error(error, &self.columns, |number| self.row_number(number))
    }

    pub(super) fn build_row(&self, record: &CsvRecord) -> TextRow {
        let width = self.columns.len();
        let mut repairs = Vec::new();
        let nul = record.has_nul();
        let mut cells = Vec::with_capacity(width);
        for index in 0..width.min(record.len()) {
            let mut cell = record.cell_text(index);
            if nul && cell.contains('\0') {
                cell.retain(|c| c != '\0');
                repairs.push(CellRepair::common_in_cell(Some(index), NUL_DROPPED_MESSAGE));
            }
            if !cell.is_ascii() {
                repairs.extend(self.describe_encoding_problem(index, &cell));
            }
            cells.push(cell);
        }
        cells.resize(width, String::new());
        let mut add_note = |cell: Option<usize>, message: &str| {
            if let Some(cell) = cell {
                repairs.push(CellRepair::in_cell(Some(cell).filter(|cell| *cell < width), message));
            }
        };
        add_note(
            record.loose_end,
            "Text follows a closing quotation mark, so the quotation marks in the cell were read as text.",
        );
        add_note(record.late_quote, "A space precedes a quotation mark, so the cell was split at every separator.");
        if let Some(cell) = record.inner_quote.filter(|cell| *cell < width) {
            repairs.push(CellRepair::common_in_cell(Some(cell), INNER_QUOTE_NOTE));
        }
        if record.begins_file {
            repairs.push(CellRepair::common_in_cell(None, "A byte order mark before the row was ignored."));
        }
        let extra: Vec<String> = (width..record.len()).map(|index| record.cell_text(index)).collect();
        let is_beyond = record.too_wide || extra.iter().any(|cell| !cell.trim().is_empty());
        TextRow {
            number: self.row_number(record.number),
            refusal: structure_errors::wrapped_row_reason(record, width, self.dialect.delimiter)
                .filter(|_| !self.takes_long_rows),
            inner_rows: structure_errors::split_inner_rows(record, width, self.dialect.delimiter),
            cells,
            surplus: is_beyond && !self.takes_long_rows,
            width: Some(record.len()),
            begins_file: record.begins_file,
            is_cut: record.ends_file && record.len() < width,
            spans_lines: record.spans_lines,
            extra,
            repairs,
            ..TextRow::default()
        }
    }

    /// A note if bytes of this cell could not be decoded, or are in another encoding than the file.
    fn describe_encoding_problem(&self, index: usize, cell: &str) -> Option<CellRepair> {
        let EncodingChoice { encoding, .. } = self.survey.choice;
        if self.survey.is_lossy && cell.contains('\u{FFFD}') {
            let message = format!("Bytes that are not valid {} were replaced by \u{FFFD}.", encoding.name());
            return Some(CellRepair::in_cell(Some(index), message));
        }
        if !self.survey.may_hold_utf_8 {
            return None;
        }
        let (bytes, _, has_unmappable) = encoding.encode(cell);
        let is_utf_8 = !has_unmappable && std::str::from_utf8(&bytes).is_ok();
        let message = || format!("This cell looks like UTF-8, while the file was read as {}.", encoding.name());
        is_utf_8.then(|| CellRepair::common_in_cell(Some(index), message()))
    }
}

/// `text` without its first `lines` lines.
fn skip_lines(text: &[u8], lines: u64) -> &[u8] {
    let mut rest = text;
    for _ in 0..lines {
        let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { return &[] };
        let is_pair = rest[at..].starts_with(b"\r\n");
        rest = &rest[at + if is_pair { 2 } else { 1 }..];
    }
    rest
}

impl FetchedContent for CsvTable {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn validators(&self) -> &Validators {
        &self.validators
    }

    fn byte_count(&self) -> u64 {
        self.content.bytes
    }

    fn line_count(&self) -> u64 {
        self.survey.lines
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        let rows = TableRows {
            table: self,
            records: self.record_reader(),
            record: CsvRecord::default(),
            is_finished: self.header == 0,
        };
        Ok(Box::new(rows))
    }
}

struct TableRows<'a> {
    table: &'a CsvTable,
    records: RecordReader<DecodingReader<BodyReader<'a>>>,
    record: CsvRecord,
    is_finished: bool,
}

impl Iterator for TableRows<'_> {
    type Item = Result<TextRow, FetchError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_finished {
            match self.records.next(&mut self.record) {
                Ok(true) if self.record.number <= self.table.header || self.record.is_blank() => {}
                Ok(true) => return Some(Ok(self.table.build_row(&self.record))),
                Ok(false) => self.is_finished = true,
                Err(error) => {
                    self.is_finished = true;
                    return Some(Err(self.table.explain(error)));
                }
            }
        }
        None
    }
}
