//! Replaces rows in an uploaded CSV file. All other bytes of the file stay as they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::raw_positions::find_raw_positions;
use super::record::CsvRecord;
use super::table::CsvTable;
use super::written_record::{encode_text, write_record};
use crate::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows};
use crate::domain::rows::row::TextRow;
use crate::domain::rows::skipped_row::own_cells;
use crate::domain::text::counts::group_digits;
use crate::fetch::http::body_file::disk_error;
use crate::fetch::{FetchError, FetchedContent};

/// The prefix of files that are not complete. Those that a crash leaves behind are deleted a day later.
const TEMPORARY_PREFIX: &str = ".new-";
/// How many bytes are copied at once.
const COPY_BYTES: usize = 64 * 1024;

/// The error for a file that is not the one that the run read.
pub(super) fn replaced_file_refusal() -> CorrectionRefusal {
    CorrectionRefusal::new(
        "file_changed",
        "Nothing was changed: the file of this source was replaced or corrected after this sync read it. Sync, then \
         download the skipped rows of that sync.",
    )
}

/// A record of the file that is replaced.
struct ReplacedRecord {
    /// Where the record is in the decoded text.
    span: Range<u64>,
    /// What is written in its place, in the encoding of the file.
    bytes: Vec<u8>,
}

/// Returns the records of `table` that `corrections` replace.
fn find_replaced_records(
    table: &CsvTable,
    skipped: &SkippedRows,
    corrections: &BTreeMap<u64, Vec<String>>,
) -> Result<Vec<ReplacedRecord>, CorrectionRefusal> {
    let encoding = table.survey.choice.encoding;
    let (mut records, mut record) = (table.record_reader(), CsvRecord::default());
    let (mut replaced, mut problems) = (Vec::with_capacity(corrections.len()), Vec::new());
    while records.next(&mut record).map_err(|error| refusal_of(table.explain(error)))? {
        if record.number <= table.header {
            continue;
        }
        let number = table.row_number(record.number);
        let Some(cells) = corrections.get(&number) else { continue };
        if skipped.rows.get(&number).is_none_or(|cells| *cells != own_cells(&table.build_row(&record), true)) {
            return Err(other_settings_refusal());
        }
        let quotes_all = record.quoted_cells == record.len();
        match encode_text(&write_record(cells, table.dialect.delimiter, quotes_all), encoding) {
            Ok(bytes) => replaced.push(ReplacedRecord { span: record.span.clone(), bytes }),
            Err(missing) => problems.push(format!(
                "Row {}: the file is written in {}, which does not have the character “{missing}”.",
                group_digits(number),
                encoding.name()
            )),
        }
    }
    match problems.is_empty() {
        false => Err(CorrectionRefusal::of_rows(problems)),
        true if replaced.len() < corrections.len() => Err(other_settings_refusal()),
        true => Ok(replaced),
    }
}

/// Writes `file` with the corrected rows to a new file beside it. `table` is the table in `file`. The new file is not
/// persisted.
///
/// # Errors
/// [`CorrectionRefusal`] when a row is not in the file, or has characters that the encoding of the file does not have;
/// `disk` when a file cannot be read or written.
pub(super) fn write_with_corrections(
    file: &File,
    folder: &Path,
    table: &CsvTable,
    skipped: &SkippedRows,
    corrections: &BTreeMap<u64, Vec<String>>,
) -> Result<tempfile::NamedTempFile, CorrectionRefusal> {
    let replaced = find_replaced_records(table, skipped, corrections)?;
    let mark = table.survey.choice.mark_bytes as u64;
    let wanted: Vec<u64> = replaced.iter().flat_map(|record| [record.span.start, record.span.end]).collect();
    let positions = find_raw_positions(table.content.reader(mark), table.survey.choice.encoding, &wanted)
        .map_err(|error| refusal_of(disk_error(&error)))?;
    let write = || -> io::Result<tempfile::NamedTempFile> {
        let mut new = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
        let mut output = io::BufWriter::with_capacity(COPY_BYTES, new.as_file_mut());
        let mut at = 0;
        for (record, place) in replaced.iter().zip(positions.chunks_exact(2)) {
            copy_bytes(file, at..mark + place[0], &mut output)?;
            output.write_all(&record.bytes)?;
            at = mark + place[1];
        }
        copy_bytes(file, at..file.metadata()?.len(), &mut output)?;
        output.flush()?;
        drop(output);
        new.as_file().sync_all()?;
        Ok(new)
    };
    write().map_err(|error| refusal_of(disk_error(&error)))
}

/// Copies these bytes of `file`.
fn copy_bytes(file: &File, mut bytes: Range<u64>, output: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; COPY_BYTES];
    while !bytes.is_empty() {
        let count = usize::try_from(bytes.end - bytes.start).unwrap_or(COPY_BYTES).min(COPY_BYTES);
        file.read_exact_at(&mut buffer[..count], bytes.start)?;
        output.write_all(&buffer[..count])?;
        bytes.start += count as u64;
    }
    Ok(())
}

/// Checks that `new` has the rows of `old`, with the corrected rows in their places.
///
/// # Errors
/// `read_differently` when another row would change, because the file would be read in another encoding, for example.
pub(super) fn check_new_table(
    old: &CsvTable,
    new: &CsvTable,
    corrections: &BTreeMap<u64, Vec<String>>,
) -> Result<(), CorrectionRefusal> {
    let is_same_text = old.survey.choice.encoding == new.survey.choice.encoding && old.dialect == new.dialect;
    if !is_same_text || old.columns() != new.columns() {
        return Err(read_differently_refusal());
    }
    let width = old.columns().len();
    let mut new_rows = new.rows().map_err(refusal_of)?;
    for row in old.rows().map_err(refusal_of)? {
        let row = row.map_err(refusal_of)?;
        let Some(cells) = corrections.get(&row.number) else {
            match new_rows.next() {
                Some(Ok(same)) if is_same_row(&same, &row) => continue,
                _ => return Err(read_differently_refusal()),
            }
        };
        // A row whose cells are all empty is a blank row, which is not read.
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let mut expected = cells.clone();
        expected.resize(width.max(cells.len()), String::new());
        let is_as_given = |found: &TextRow| found.number == row.number && own_cells(found, true) == expected;
        if !new_rows.next().is_some_and(|found| found.is_ok_and(|found| is_as_given(&found))) {
            return Err(read_differently_refusal());
        }
    }
    if new_rows.next().is_some() { Err(read_differently_refusal()) } else { Ok(()) }
}

/// Whether two rows have the same place and the same cells. What was noticed about them may differ.
fn is_same_row(one: &TextRow, other: &TextRow) -> bool {
    (one.number, &one.cells, &one.extra) == (other.number, &other.cells, &other.extra)
}

/// Whether `file`, which is locked, still has this path. Another correction replaces the file.
pub(super) fn is_current_file(file: &File, path: &Path) -> bool {
    let (Ok(locked), Ok(current)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (locked.dev(), locked.ino()) == (current.dev(), current.ino())
}

/// Whether `file` is compressed: its rows cannot be replaced in place.
pub(super) fn is_compressed(mut file: &File) -> io::Result<bool> {
    let mut start = [0; 2];
    let count = file.read(&mut start)?;
    io::Seek::rewind(&mut file)?;
    Ok(start[..count] == [0x1F, 0x8B])
}

/// The refusal for a failure of a fetch.
pub(super) fn refusal_of(error: FetchError) -> CorrectionRefusal {
    match error {
        FetchError::Failed { code, message } => CorrectionRefusal::new(code, format!("Nothing was changed. {message}")),
        FetchError::Stopped => CorrectionRefusal::new("stopped", "Nothing was changed: the reading was stopped."),
    }
}

fn other_settings_refusal() -> CorrectionRefusal {
    CorrectionRefusal::new(
        "read_differently",
        "Nothing was changed: the settings of this source were changed after this sync, so its rows are read \
         differently now. Sync, then download the skipped rows of that sync.",
    )
}

fn read_differently_refusal() -> CorrectionRefusal {
    CorrectionRefusal::new(
        "read_differently",
        "Nothing was changed: with the corrected rows, other rows of the file would be read differently, for example \
         in another encoding. Set the encoding in the settings of the source, or replace the file.",
    )
}
