//! A row of a source as `fetch` gives it to `sync`: its cells as text, and where it stood.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::domain::text::comparable_form::comparable_form;

/// One row of a source, cells in column order, already as text.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TextRow {
    /// Its place for people; the header is row 1. With line breaks inside cells this is the number of the row,
    /// as a spreadsheet counts, not of the line.
    pub number: u64,
    /// The cells, exactly as many as there are columns unless the row is too long (see [`TextRow::surplus`]).
    pub cells: Vec<String>,
    /// Whether the row had non-empty cells beyond the last column, which makes it impossible to place.
    pub surplus: bool,
    /// How many cells the row has in its source, before missing ones were filled in; `None` where that says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The cells beyond the last column, as far as they are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
    /// Why the row cannot be taken, where its kind of source knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Whether the file ends in it, without a line end and with fewer cells than there are columns.
    #[serde(default)]
    pub is_cut: bool,
    /// Whether a byte order mark stood before it, as where files were joined end to end.
    #[serde(default)]
    pub begins_file: bool,
    /// Whether a cell in quotation marks has line breaks in it.
    #[serde(default)]
    pub spans_lines: bool,
    /// The rows that it would be if its quotation marks were text, where each of them would have a cell for each
    /// column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner_rows: Vec<Vec<String>>,
    /// The positions of cells with a formula whose value was never saved, in order. They are empty in
    /// [`TextRow::cells`], which says nothing about the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsaved_formulas: Vec<usize>,
    /// The positions of numbers that have more digits than spreadsheets keep: what was entered may be another number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounded_numbers: Vec<usize>,
    /// What was mended in this row, if anything, with its column.
    pub repairs: Vec<CellRepair>,
}

/// What is said of a cell in which NUL characters stood.
pub const NUL_DROPPED_MESSAGE: &str = "NUL characters were dropped";

/// Something that was mended in a cell and is told to people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CellRepair {
    /// The column's position, from 0; `None` when the row as a whole is meant.
    pub column: Option<usize>,
    /// What was done, as a sentence.
    pub what: String,
    /// What it puts in doubt.
    #[serde(default)]
    pub doubt: RepairDoubt,
    /// Whether a whole table may be like this on purpose. Such rows are told of in one note.
    #[serde(default)]
    pub is_common: bool,
}

/// What of a row may have been misread, when something in it was mended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub enum RepairDoubt {
    /// Nothing but the cell itself, as where its encoding was wrong.
    #[default]
    Cell,
    /// Which cells belong to which row. Items that seem to have left the source may still be in it.
    Structure,
}

impl CellRepair {
    /// A mended cell of the column at `column`, or the row as a whole.
    #[must_use]
    pub fn in_cell(column: Option<usize>, what: impl Into<String>) -> Self {
        Self { column, what: what.into(), doubt: RepairDoubt::Cell, is_common: false }
    }

    /// A place where cells may have been cut wrongly.
    #[must_use]
    pub fn in_structure(column: Option<usize>, what: impl Into<String>) -> Self {
        Self { column, what: what.into(), doubt: RepairDoubt::Structure, is_common: false }
    }

    /// Something that many cells of the column at `column` may have on purpose.
    #[must_use]
    pub fn common_in_cell(column: Option<usize>, what: impl Into<String>) -> Self {
        Self { is_common: true, ..Self::in_cell(column, what) }
    }
}

/// Names for columns as they stand in a header: blanks become `column 3`, repeats get ` (2)`, the same way every time.
/// Names that are equal in their comparable form repeat each other, and one of invisible characters alone is blank.
///
/// White space around a name is dropped, and so are NUL characters.
#[must_use]
pub fn column_names<S: AsRef<str>>(header: &[S]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let own: Vec<String> = header.iter().map(|name| name.as_ref().replace('\0', "").trim().to_owned()).collect();
    let form = |name: &str| comparable_form(name).into_owned();
    // Names as written have the first right to themselves, so that `a, a, a (2)` keeps its third column's name.
    let written: HashSet<String> = own.iter().map(|name| form(name)).collect();
    let mut names = Vec::with_capacity(own.len());
    for (position, name) in own.iter().enumerate() {
        let is_blank = form(name).is_empty();
        let base = if is_blank { format!("column {}", position + 1) } else { name.clone() };
        let mut unique = base.clone();
        let mut repeat = 1;
        let mut first = !is_blank;
        while (!first && written.contains(&form(&unique))) || taken.contains(&form(&unique)) {
            first = false;
            repeat += 1;
            unique = format!("{base} ({repeat})");
        }
        taken.insert(form(&unique));
        names.push(unique);
    }
    names
}

/// The name that [`column_names`] gave a number because it repeats another: `title` of `title (2)`.
#[must_use]
pub fn repeated_name(name: &str) -> Option<&str> {
    let (stem, number) = name.strip_suffix(')')?.rsplit_once(" (")?;
    (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::{column_names, repeated_name};

    #[test]
    fn blank_and_repeated_headers_get_names_of_their_own() {
        assert_eq!(
            column_names(&["id", "", " title ", "title", ""]),
            ["id", "column 2", "title", "title (2)", "column 5"]
        );
        assert_eq!(column_names(&["a", "a", "a (2)", "a"]), ["a", "a (3)", "a (2)", "a (4)"]);
        assert_eq!(column_names(&["column 2", ""]), ["column 2", "column 2 (2)"]);
    }

    #[test]
    fn names_that_differ_only_in_what_cannot_be_seen_are_repeats() {
        assert_eq!(
            column_names(&["id", "id\u{200b}", "\u{feff}", "a\u{a0}b", "a b"]),
            ["id", "id\u{200b} (2)", "column 3", "a\u{a0}b", "a b (2)"]
        );
        assert_eq!(repeated_name("a b (2)"), Some("a b"));
        assert_eq!((repeated_name("a b"), repeated_name("price (net)"), repeated_name("x ()")), (None, None, None));
    }

    #[test]
    fn names_are_always_unique() {
        let wild = ["", "column 1", "", "column 1", "x", "x (2)", "x", "x", "column 3"];
        let names = column_names(&wild);
        let unique: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), wild.len(), "{names:?}");
    }
}
