//! Reads the response to `values:batchGet` as a table. It is read from its temporary file as a stream, one row at a
//! time, so that memory does not grow with the sheet.

use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::reading_rules::ReadingRules;
use crate::domain::rows::row::{CellRepair, NUL_DROPPED_MESSAGE, TextRow, column_names};
use crate::domain::source::Validators;
use crate::domain::text::counts::group_digits;
use crate::fetch::csv::record::{MAX_COLUMNS, MAX_RECORD_BYTES, too_many_columns_message};
use crate::fetch::csv::structure_errors::{blank_header_error, missing_header_row_error};
use crate::fetch::http::body_file::BodyFile;
use crate::fetch::row_file::{RowFile, RowFileSummary, RowWriter};
use crate::fetch::{FetchError, FetchObserver};

/// How many rows are read between two checks for a cancel.
const ROWS_PER_CHECK: u64 = 1000;

/// Reads the rows of the only range in `response` and writes them to a file in `folder`. Rows are numbered as in the
/// sheet, and repaired and flagged as [`crate::fetch::csv::table`] does with those of a CSV file.
///
/// # Errors
/// `truncated` or `bad_answer` for a damaged response, `no_header`, `too_many_columns` and `row_too_large` for its
/// content, `disk` when a temporary file cannot be used; [`FetchError::Stopped`].
pub(super) fn read_values(
    response: &BodyFile,
    rules: ReadingRules,
    folder: &Path,
    validators: Validators,
    observer: &dyn FetchObserver,
) -> Result<RowFile, FetchError> {
    let rows = RowWriter::new(folder)?;
    let row_number = rules.first_row - 1;
    let mut reader = ValuesReader { observer, rows, columns: Vec::new(), row_number, rules, ranges: 0, error: None };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, response.reader(0)));
    let read = InAnswer(&mut reader).deserialize(&mut json).and_then(|()| json.end());
    if let Some(error) = reader.error {
        return Err(error);
    }
    read.map_err(|error| explain_json_error(&error))?;
    if reader.ranges != 1 {
        return Err(no_values_error());
    }
    let ValuesReader { rows, columns, row_number, .. } = reader;
    if let Some(row) = rules.header_row.filter(|row| *row > 1 && row_number < *row) {
        return Err(missing_header_row_error(row));
    }
    rows.finish(RowFileSummary { columns, types: Vec::new(), validators, bytes: response.bytes, is_complete: true })
}

/// The error for a response of Google that is not valid JSON. The parser's own message is left out, because it may
/// quote cells.
pub(super) fn explain_json_error(error: &serde_json::Error) -> FetchError {
    if error.is_eof() {
        return FetchError::failed("truncated", "Google's response was incomplete. Nothing was changed; try again.");
    }
    if error.is_io() {
        return FetchError::failed(
            "disk",
            "Could not read Google's response from the temporary file in the data folder. Check the disk and try \
             again.",
        );
    }
    no_values_error()
}

/// The error for a response of Google without the requested values.
pub(super) fn no_values_error() -> FetchError {
    FetchError::failed(
        "bad_answer",
        "Google's response does not contain the values of a sheet. Nothing was changed; try again later.",
    )
}

struct ValuesReader<'a> {
    observer: &'a dyn FetchObserver,
    rows: RowWriter,
    columns: Vec<String>,
    /// The number of the last row that was read, blank rows included. At first it is the number of the row above the
    /// values.
    row_number: u64,
    rules: ReadingRules,
    ranges: u32,
    /// The error that ended reading. It is kept here because a serde visitor can only return errors of its own format.
    error: Option<FetchError>,
}

impl ValuesReader<'_> {
    fn add_row(&mut self, cells: &RowCells) -> Result<(), FetchError> {
        self.row_number += 1;
        if self.row_number.is_multiple_of(ROWS_PER_CHECK) && self.observer.should_stop() {
            return Err(FetchError::Stopped);
        }
        if self.rules.header_row.is_some_and(|row| self.row_number < row) {
            return Ok(());
        }
        if cells.bytes > MAX_RECORD_BYTES {
            let max = MAX_RECORD_BYTES / (1024 * 1024);
            let row = group_digits(self.row_number);
            let message = format!("Row {row}: the row is larger than {max} MiB. Shorten its cells and sync again.");
            return Err(FetchError::failed("row_too_large", message));
        }
        if !self.columns.is_empty() {
            let is_empty = cells.kept.iter().all(String::is_empty) && !cells.has_too_many;
            return if is_empty { Ok(()) } else { self.rows.push(&self.build_row(cells)) };
        }
        if cells.has_too_many {
            return Err(FetchError::failed("too_many_columns", too_many_columns_message("tab")));
        }
        // The header is the row that is set as the header row, otherwise the first row that is not blank.
        if !cells.kept.iter().all(|cell| cell.chars().all(|c| c == '\0' || c.is_whitespace())) {
            self.columns = column_names(&cells.kept);
        } else if self.rules.header_row.is_some() {
            return Err(blank_header_error(self.row_number));
        }
        Ok(())
    }

    fn build_row(&self, cells: &RowCells) -> TextRow {
        let width = self.columns.len();
        let mut repairs = Vec::new();
        let mut placed: Vec<String> = cells.kept.iter().take(width).cloned().collect();
        for (position, cell) in placed.iter_mut().enumerate() {
            if cell.contains('\0') {
                cell.retain(|c| c != '\0');
                repairs.push(CellRepair::common_in_cell(Some(position), NUL_DROPPED_MESSAGE));
            }
        }
        placed.resize(width, String::new());
        let extra: Vec<String> = cells.kept.iter().skip(width).cloned().collect();
        let is_beyond = cells.has_too_many || extra.iter().any(|cell| !cell.trim().is_empty());
        TextRow {
            number: self.row_number,
            cells: placed,
            surplus: is_beyond && !self.rules.takes_long_rows,
            // Google leaves out empty cells at the end of a row, so a short row is not a sign of damage.
            width: Some(width.max(cells.kept.len())),
            extra,
            repairs,
            ..TextRow::default()
        }
    }
}

/// The cells of one row.
#[derive(Default)]
struct RowCells {
    kept: Vec<String>,
    bytes: usize,
    /// Whether there were more cells than can be kept.
    has_too_many: bool,
}

/// Reads the object `{"valueRanges": […], …}`.
struct InAnswer<'a, 'b>(&'a mut ValuesReader<'b>);

impl<'de> DeserializeSeed<'de> for InAnswer<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for InAnswer<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "valueRanges" => map.next_value_seed(InRanges(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads the list `[{"range": …, "values": […]}]`.
struct InRanges<'a, 'b>(&'a mut ValuesReader<'b>);

impl<'de> DeserializeSeed<'de> for InRanges<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for InRanges<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ranges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut ranges: A) -> Result<(), A::Error> {
        while ranges.next_element_seed(InRange(self.0))?.is_some() {
            self.0.ranges += 1;
        }
        Ok(())
    }
}

/// Reads the object `{"values": [[…], …]}`. It has no `values` if the sheet is empty.
struct InRange<'a, 'b>(&'a mut ValuesReader<'b>);

impl<'de> DeserializeSeed<'de> for InRange<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for InRange<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a range")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "values" => map.next_value_seed(InValues(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads the rows: `[[…], …]`.
struct InValues<'a, 'b>(&'a mut ValuesReader<'b>);

impl<'de> DeserializeSeed<'de> for InValues<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for InValues<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(cells) = rows.next_element::<RowCells>()? {
            if let Err(error) = self.0.add_row(&cells) {
                self.0.error = Some(error);
                return Err(de::Error::custom("ended"));
            }
        }
        Ok(())
    }
}

impl<'de> de::Deserialize<'de> for RowCells {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InRow;

        impl<'de> Visitor<'de> for InRow {
            type Value = RowCells;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<RowCells, A::Error> {
                let mut cells = RowCells::default();
                while let Some(SheetCell(text)) = row.next_element::<SheetCell>()? {
                    if cells.kept.len() < MAX_COLUMNS && cells.bytes <= MAX_RECORD_BYTES {
                        cells.bytes += text.len();
                        cells.kept.push(text);
                    } else {
                        cells.has_too_many = true;
                    }
                }
                Ok(cells)
            }
        }

        from.deserialize_seq(InRow)
    }
}

/// The text of a cell. Google sends texts, as requested; any other JSON value becomes its JSON text.
struct SheetCell(String);

impl<'de> de::Deserialize<'de> for SheetCell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match serde_json::Value::deserialize(from)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        }))
    }
}
