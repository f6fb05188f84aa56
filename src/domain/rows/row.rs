//! A row of a source, as `fetch` passes it to `sync`: its cells as text, and its position.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::domain::text::comparable_form::comparable_form;

/// A row of a source, with its cells as text in column order.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TextRow {
    /// The number of the row; the header is row 1. Rows are counted as in a spreadsheet: line breaks inside cells do
    /// not count.
    pub number: u64,
    /// The cells, exactly as many as there are columns unless the row is too long (see [`TextRow::surplus`]).
    pub cells: Vec<String>,
    /// Whether the row has non-empty cells beyond the last column, so that its cells cannot be assigned to columns.
    pub surplus: bool,
    /// The number of cells in the source, before missing ones were added; `None` if it has no meaning for this kind of
    /// source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The cells beyond the last column that are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
    /// Why the row is skipped, if its kind of source has a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Whether the file ends in this row, without a line end and with fewer cells than columns.
    #[serde(default)]
    pub is_cut: bool,
    /// Whether a byte order mark precedes it, which shows that files were concatenated.
    #[serde(default)]
    pub begins_file: bool,
    /// Whether a quoted cell contains line breaks.
    #[serde(default)]
    pub spans_lines: bool,
    /// The rows that result if its quotation marks are read as text, if each of them has a cell for every column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner_rows: Vec<Vec<String>>,
    /// The positions of formulas whose value was never saved, in order. Their [`TextRow::cells`] are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsaved_formulas: Vec<usize>,
    /// The positions of numbers with more digits than spreadsheets store; the entered number may have been different.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounded_numbers: Vec<usize>,
    /// The corrections made in this row.
    pub repairs: Vec<CellRepair>,
}

/// The message about removed NUL characters.
pub const NUL_DROPPED_MESSAGE: &str = "NUL characters were dropped";

/// A correction in a cell, reported to people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CellRepair {
    /// The position of the column, from 0; `None` for the whole row.
    pub column: Option<usize>,
    /// The message for people.
    pub message: String,
    /// Whether many rows may have it on purpose. Such rows are reported in a single warning.
    #[serde(default)]
    pub is_common: bool,
}

impl CellRepair {
    /// Creates a correction in the column at `column`, or in the whole row.
    #[must_use]
    pub fn in_cell(column: Option<usize>, message: impl Into<String>) -> Self {
        Self { column, message: message.into(), is_common: false }
    }

    /// Creates a correction that many cells of the column at `column` may have on purpose.
    #[must_use]
    pub fn common_in_cell(column: Option<usize>, message: impl Into<String>) -> Self {
        Self { is_common: true, ..Self::in_cell(column, message) }
    }
}

/// Returns unique names for the columns of a header: blank names become `column 3`, repeated ones get ` (2)`, the same
/// way every time. Names with the same comparable form are repeated; names of only invisible characters are blank.
///
/// White space around names and NUL characters are removed.
#[must_use]
pub fn column_names<S: AsRef<str>>(header: &[S]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let own: Vec<String> = header.iter().map(|name| name.as_ref().replace('\0', "").trim().to_owned()).collect();
    let form = |name: &str| comparable_form(name).into_owned();
    // Names as written take precedence, so that `a, a, a (2)` keeps the name of its third column.
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

/// Returns the original of a name that [`column_names`] has numbered: `title` for `title (2)`.
#[must_use]
pub fn unnumbered_name(name: &str) -> Option<&str> {
    let (stem, number) = name.strip_suffix(')')?.rsplit_once(" (")?;
    (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::{column_names, unnumbered_name};

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
    fn names_that_differ_only_in_invisible_characters_are_repeated() {
        assert_eq!(
            column_names(&["id", "id\u{200b}", "\u{feff}", "a\u{a0}b", "a b"]),
            ["id", "id\u{200b} (2)", "column 3", "a\u{a0}b", "a b (2)"]
        );
        assert_eq!(unnumbered_name("a b (2)"), Some("a b"));
        assert_eq!(
            (unnumbered_name("a b"), unnumbered_name("price (net)"), unnumbered_name("x ()")),
            (None, None, None)
        );
    }

    #[test]
    fn names_are_always_unique() {
        let wild = ["", "column 1", "", "column 1", "x", "x (2)", "x", "x", "column 3"];
        let names = column_names(&wild);
        let unique: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), wild.len(), "{names:?}");
    }
}
