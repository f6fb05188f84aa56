//! Explains what is wrong with the structure of a table: quotation marks, separators, header rows.

use super::delimiter::KNOWN_DELIMITERS;
use super::record::{CsvRecord, MAX_CELL_BYTES, MAX_RECORD_BYTES, RecordError};
use super::record_reader::RecordReader;
use crate::domain::text::shortening::shorten_text;
use crate::fetch::FetchError;
use crate::fetch::http::body_file::disk_error;

/// How many rows are checked for quotation marks around whole rows.
const MAX_SAMPLED_ROWS: usize = 20;
/// The longest text that is searched for rows inside a cell, in bytes.
const MAX_INNER_BYTES: usize = 16 * 1024;

/// Explains why a record could not be read. `row_number` turns the number of a record into the row number that people
/// see.
pub(super) fn explain_record_error(
    error: RecordError,
    columns: &[String],
    row_number: impl Fn(u64) -> u64,
) -> FetchError {
    let place = |row: u64, cell: usize| {
        let column = columns
            .get(cell)
            .map_or_else(|| format!("column {}", cell + 1), |name| format!("“{}”", shorten_text(name)));
        format!("Row {}, {column}", row_number(row))
    };
    match error {
        RecordError::Io(io_error) => disk_error(&io_error),
        RecordError::Unclosed { row, cell } => FetchError::failed(
            "unclosed_quote",
            format!(
                "{}: a quotation mark (\") opens here and is never closed, so everything after it would be one cell. \
                 Close it, or double it if it belongs to the text.",
                place(row, cell)
            ),
        ),
        RecordError::Swallowing { row, cell } => FetchError::failed(
            "unclosed_quote",
            format!(
                "{}: a quotation mark (\") opens here, and the cell includes the rows below it up to the next \
                 quotation mark. Remove it, close it, or double it if it belongs to the text.",
                place(row, cell)
            ),
        ),
        RecordError::LongCell { row, cell, quoted } => FetchError::failed(
            "cell_too_large",
            format!(
                "{}: the cell is larger than {} MiB.{}",
                place(row, cell),
                MAX_CELL_BYTES / (1024 * 1024),
                if quoted {
                    " A quotation mark (\") probably opens here and is never closed. Close it and sync again."
                } else {
                    " Shorten it and sync again."
                }
            ),
        ),
        RecordError::LongRecord { row } => FetchError::failed(
            "row_too_large",
            format!(
                "Row {}: the row is larger than {} MiB. Shorten its cells and sync again.",
                row_number(row),
                MAX_RECORD_BYTES / (1024 * 1024)
            ),
        ),
    }
}

/// Refuses a table whose rows are one quoted cell each, with separators inside. Some programs save such a file when
/// they treat every line as text. The header may be quoted or not.
pub(super) fn refuse_wrapped_rows(start: &[u8], delimiter: u8) -> Result<(), FetchError> {
    let mut records = RecordReader::new(start, KNOWN_DELIMITERS[0]);
    let mut record = CsvRecord::default();
    let (mut separator, mut fewest) = (delimiter, first_row_width(start, delimiter).saturating_sub(1).max(1));
    let (mut seen, mut wrapped) = (0, 0);
    while seen < MAX_SAMPLED_ROWS && records.next(&mut record).is_ok_and(|more| more) {
        if record.is_blank() {
            continue;
        }
        let is_wrapped = record.len() == 1 && record.quoted_cells == 1 && record.loose_end.is_none();
        if seen == 0 && is_wrapped {
            let found = KNOWN_DELIMITERS.into_iter().find(|candidate| count_separators(record.cell(0), *candidate) > 0);
            let Some(found) = found else { return Ok(()) };
            (separator, fewest) = (found, 1);
        } else if is_wrapped {
            wrapped += usize::from(count_separators(record.cell(0), separator) >= fewest);
        }
        seen += 1;
    }
    if wrapped == 0 || wrapped * 2 < seen - 1 {
        return Ok(());
    }
    Err(FetchError::failed(
        "wrapped_rows",
        "Quotation marks enclose whole rows, so each row would be a single cell. Export the file again without \
         quotation marks around rows.",
    ))
}

/// Refuses a table whose header uses one separator and whose rows use another.
pub(super) fn refuse_other_separator(start: &[u8], delimiter: u8) -> Result<(), FetchError> {
    let columns = first_row_width(start, delimiter);
    if columns < 2 {
        return Ok(());
    }
    let mut records = RecordReader::new(start, delimiter);
    let mut record = CsvRecord::default();
    let (mut seen, mut others) = (0, [0_usize; KNOWN_DELIMITERS.len()]);
    let mut is_header = true;
    while seen < MAX_SAMPLED_ROWS && records.next(&mut record).is_ok_and(|more| more) {
        if record.is_blank() || std::mem::take(&mut is_header) {
            continue;
        }
        seen += 1;
        if record.len() == 1 && record.quoted_cells == 0 {
            for (count, candidate) in others.iter_mut().zip(KNOWN_DELIMITERS) {
                *count += usize::from(count_separators(record.cell(0), candidate) + 1 == columns);
            }
        }
    }
    let is_most = |count: usize| seen > 0 && count * 2 > seen;
    let Some((_, other)) = others.into_iter().zip(KNOWN_DELIMITERS).find(|(count, _)| is_most(*count)) else {
        return Ok(());
    };
    let name = |separator: u8| match separator {
        b'\t' => "tabs".to_owned(),
        other => format!("“{}”", char::from(other)),
    };
    Err(FetchError::failed(
        "separator_mismatch",
        format!(
            "The header is separated by {} and the rows below it by {}, so each row would be a single cell. Use the \
             same separator in both.",
            name(delimiter),
            name(other)
        ),
    ))
}

/// How many cells the first non-blank row has.
fn first_row_width(start: &[u8], delimiter: u8) -> usize {
    let mut records = RecordReader::new(start, delimiter);
    let mut record = CsvRecord::default();
    while records.next(&mut record).is_ok_and(|more| more) {
        if !record.is_blank() {
            return record.len();
        }
    }
    0
}

/// Counts the separators in a cell. A comma followed by a space is punctuation and is not counted.
fn count_separators(cell: &[u8], separator: u8) -> usize {
    let is_separator = |at: usize| cell[at] == separator && cell.get(at + 1) != Some(&b' ');
    (0..cell.len()).filter(|at| is_separator(*at)).count()
}

/// Refuses a header in which a quotation mark encloses rows: a name contains a line break followed by a separator.
pub(super) fn refuse_swallowed_rows(
    cells: &[String],
    record: &CsvRecord,
    row: u64,
    delimiter: u8,
) -> Result<(), FetchError> {
    if !record.spans_lines {
        return Ok(());
    }
    let takes_rows =
        |cell: &String| cell.split_once(['\n', '\r']).is_some_and(|(_, rest)| rest.contains(char::from(delimiter)));
    match cells.iter().position(takes_rows) {
        None => Ok(()),
        Some(cell) => Err(explain_record_error(RecordError::Swallowing { row, cell }, &[], |number| number)),
    }
}

/// The error for a row that is set as the header row and is blank.
pub(in crate::fetch) fn blank_header_error(row: u64) -> FetchError {
    FetchError::failed(
        "no_header",
        format!("Row {row} is set as the header row but is blank. Choose the row that contains the column names."),
    )
}

/// The error for a row that is set as the header row and does not exist.
pub(in crate::fetch) fn missing_header_row_error(row: u64) -> FetchError {
    FetchError::failed(
        "no_header",
        format!(
            "Row {row} is set as the header row, but the file has fewer rows. Choose the row that contains the column \
             names."
        ),
    )
}

/// Why a row that is enclosed in quotation marks as a whole is skipped; `None` for any other row.
pub(super) fn wrapped_row_reason(record: &CsvRecord, columns: usize, delimiter: u8) -> Option<String> {
    if columns < 2 || record.len() != 1 || record.quoted_cells != 1 {
        return None;
    }
    (count_separators(record.cell(0), delimiter) + 1 >= columns).then(|| {
        "Quotation marks enclose the whole row, so it is a single cell. Remove the quotation marks around the row."
            .to_owned()
    })
}

/// The rows that a record would contain if its quotation marks were text. Empty unless each of these rows has a cell
/// for each column and no separator is punctuation.
pub(super) fn split_inner_rows(record: &CsvRecord, columns: usize, delimiter: u8) -> Vec<Vec<String>> {
    if !record.spans_lines || columns < 2 {
        return Vec::new();
    }
    let cells: Vec<String> = (0..record.len()).map(|index| record.cell_text(index)).collect();
    let separator = char::from(delimiter).to_string();
    let text = cells.join(&separator);
    if text.len() > MAX_INNER_BYTES {
        return Vec::new();
    }
    let lines = text.split(['\n', '\r']).filter(|line| !line.is_empty());
    let mut rows = Vec::new();
    for line in lines {
        let row: Vec<String> = line.split(&separator).map(str::to_owned).collect();
        if row.len() != columns || count_separators(line.as_bytes(), delimiter) + 1 != columns {
            return Vec::new();
        }
        rows.push(row);
    }
    rows
}
