//! The file of skipped rows that people download, correct and return: its columns, and what was corrected in it.

use std::collections::BTreeMap;

use super::row::{TextRow, column_names};
use super::skipped_row::cell_names;
use crate::domain::text::comparable_form::{is_blank, is_same_form};
use crate::domain::text::counts::group_digits;
use crate::domain::text::formula::escape_formula;
use crate::domain::text::shortening::shorten_text;

/// The most problems that are listed.
const MAX_LISTED_PROBLEMS: usize = 20;

/// The skipped rows of a run, with what is known of the file that the run read.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SkippedRows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The SHA-256 of the file in hexadecimal.
    pub content_hash: String,
    /// The cells of each row by its number. Cells beyond the last column come last.
    pub rows: BTreeMap<u64, Vec<String>>,
}

/// Why corrected rows were refused. Nothing was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CorrectionRefusal {
    /// The error code, for programs.
    pub code: &'static str,
    /// What happened and what to do, for people.
    pub message: String,
    /// The problems of single rows, with their numbers.
    pub problems: Vec<String>,
}

impl CorrectionRefusal {
    /// Creates a refusal that is not about single rows.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new() }
    }

    /// Creates the refusal of rows with these problems. Only the first are listed.
    #[must_use]
    pub fn of_rows(mut problems: Vec<String>) -> Self {
        let more = problems.len().saturating_sub(MAX_LISTED_PROBLEMS);
        problems.truncate(MAX_LISTED_PROBLEMS);
        if more > 0 {
            problems.push(format!("{} more.", group_digits(more as u64)));
        }
        let message = "Nothing was changed, because some of the uploaded rows cannot be used. Correct them and upload \
                       the file again.";
        Self { problems, ..Self::new("bad_rows", message) }
    }
}

/// The columns of the file of skipped rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkippedRowsHeader {
    /// The columns of the source, then columns for the cells beyond them, then the row number and the reason.
    pub names: Vec<String>,
    /// How many columns the rows have.
    width: usize,
}

impl SkippedRowsHeader {
    /// Creates the header for rows of up to `width` cells in a source with these columns. The names of the last two
    /// columns differ from those of the source.
    #[must_use]
    pub fn new(columns: &[String], width: usize) -> Self {
        let mut names = cell_names(columns, width);
        let width = names.len();
        names.extend(["Row", "Reason"].map(str::to_owned));
        Self { names: column_names(&names), width }
    }

    /// Creates the header for these rows.
    #[must_use]
    pub fn of_rows(skipped: &SkippedRows) -> Self {
        Self::new(&skipped.columns, skipped.rows.values().map(Vec::len).max().unwrap_or(0))
    }

    fn row_name(&self) -> &str {
        &self.names[self.width]
    }

    fn reason_name(&self) -> &str {
        &self.names[self.width + 1]
    }
}

/// The columns of an uploaded file.
struct UploadedColumns {
    /// For each cell of a row of the source, its position in the upload. Cells beyond the columns of the source may be
    /// missing.
    cells: Vec<Option<usize>>,
    row: usize,
    /// The positions of columns that do not belong to the file.
    unknown: Vec<usize>,
}

impl UploadedColumns {
    fn find(header: &SkippedRowsHeader, skipped: &SkippedRows, uploaded: &[String]) -> Result<Self, CorrectionRefusal> {
        let position = |name: &str| {
            let escaped = escape_formula(name);
            uploaded.iter().position(|known| is_same_form(known, name) || is_same_form(known, &escaped))
        };
        let missing = |name: &str| {
            let message = format!(
                "Nothing was changed: the uploaded file has no column “{}”. Download the skipped rows, correct them, \
                 and upload them with all their columns.",
                shorten_text(name)
            );
            CorrectionRefusal::new("missing_column", message)
        };
        let row = position(header.row_name()).ok_or_else(|| missing(header.row_name()))?;
        let cells: Vec<Option<usize>> = header.names[..header.width].iter().map(|name| position(name)).collect();
        if let Some(at) = cells.iter().take(skipped.columns.len()).position(Option::is_none) {
            return Err(missing(&header.names[at]));
        }
        let reason = position(header.reason_name());
        let is_known = |at: &usize| *at == row || Some(*at) == reason || cells.contains(&Some(*at));
        let unknown = (0..uploaded.len()).filter(|at| !is_known(at)).collect();
        Ok(Self { cells, row, unknown })
    }
}

/// Returns the rows that differ from those that were skipped, by their numbers. `uploaded` are the columns and `rows`
/// the rows of a corrected file of `skipped`. The order of its columns does not matter, and rows may be missing.
///
/// # Errors
/// [`CorrectionRefusal`] (`missing_column`, `bad_rows`, `nothing_corrected`) when the file does not fit the skipped
/// rows, or no row differs.
pub fn find_corrections(
    skipped: &SkippedRows,
    uploaded: &[String],
    rows: &[TextRow],
) -> Result<BTreeMap<u64, Vec<String>>, CorrectionRefusal> {
    let header = SkippedRowsHeader::of_rows(skipped);
    let columns = UploadedColumns::find(&header, skipped, uploaded)?;
    let (mut found, mut problems) = (BTreeMap::new(), Vec::new());
    for row in rows {
        match read_correction(skipped, &columns, uploaded, row) {
            Ok((number, _)) if found.contains_key(&number) => {
                problems.push(format!("Row {}: it is in the uploaded file twice.", group_digits(number)));
            }
            Ok((number, cells)) => drop(found.insert(number, cells)),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(CorrectionRefusal::of_rows(problems));
    }
    found.retain(|number, cells| skipped.rows.get(number) != Some(cells));
    if found.is_empty() {
        let message = "Nothing was changed: no row in the uploaded file differs from the skipped rows.";
        return Err(CorrectionRefusal::new("nothing_corrected", message));
    }
    Ok(found)
}

/// Returns the number and the cells of an uploaded row, or what is wrong with it.
fn read_correction(
    skipped: &SkippedRows,
    columns: &UploadedColumns,
    uploaded: &[String],
    row: &TextRow,
) -> Result<(u64, Vec<String>), String> {
    let line = || format!("Line {} of the uploaded file", group_digits(row.number));
    if let Some(reason) = &row.refusal {
        return Err(format!("{}: {reason}", line()));
    }
    if row.surplus {
        return Err(format!("{}: it has more cells than the header of that file.", line()));
    }
    let cell = |at: usize| row.cells.get(at).map_or("", String::as_str);
    let number = cell(columns.row).trim();
    let Ok(number) = number.parse::<u64>() else {
        let name = &uploaded[columns.row];
        return Err(format!(
            "{}: “{}” is no row number. Leave the column “{name}” as it was.",
            line(),
            shorten_text(number)
        ));
    };
    let Some(original) = skipped.rows.get(&number) else {
        return Err(format!("Row {}: it is not among the skipped rows of this sync.", group_digits(number)));
    };
    if let Some(at) = columns.unknown.iter().find(|at| !is_blank(cell(**at))) {
        let name = shorten_text(&uploaded[*at]);
        return Err(format!("Row {}: “{name}” is not a column of the source.", group_digits(number)));
    }
    let written = columns.cells.iter().enumerate().map(|(position, at)| {
        let original = original.get(position).map_or("", String::as_str);
        restore_cell(at.map_or("", cell), original)
    });
    let mut cells: Vec<String> = written.collect();
    while cells.len() > skipped.columns.len() && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    Ok((number, cells))
}

/// Returns the value of an uploaded cell. The `'` that protects spreadsheets from formulas is removed. A cell that only
/// differs from the original in its kind of line breaks is the original.
fn restore_cell(uploaded: &str, original: &str) -> String {
    let unified = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let is_original = |text: &str| text == original || unified(text) == unified(original);
    if is_original(uploaded) {
        return original.to_owned();
    }
    match uploaded.strip_prefix('\'') {
        Some(rest) if is_original(rest) && escape_formula(original) != original => original.to_owned(),
        Some(rest) if escape_formula(rest) != rest => rest.to_owned(),
        _ => uploaded.to_owned(),
    }
}

#[cfg(test)]
mod tests;
