//! Parses the cell of the key column: a key, or the reason why there is none.

use super::row::TextRow;
use crate::domain::columns::spreadsheet_values::SpreadsheetPlaceholder;
use crate::domain::item::KEY_MAX_BYTES;
use crate::domain::run_text::key_notes::{
    key_error_reason, loading_key_reason, long_key_reason, missing_key_reason, unsaved_key_reason,
};
use crate::domain::text::comparable_form::is_blank;

/// The cell of the key column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyCell<'a> {
    /// A key as written, without white space at the ends.
    Key(&'a str),
    /// Empty, or only invisible characters.
    Missing,
    /// A placeholder of the spreadsheet.
    SpreadsheetPlaceholder(SpreadsheetPlaceholder),
    /// A formula whose value was never saved in the file.
    UnsavedFormula,
    /// Longer than a key may be.
    TooLong(&'a str),
}

impl<'a> KeyCell<'a> {
    /// Parses the cell at `position` of `row`.
    #[must_use]
    pub fn from_row(row: &'a TextRow, position: usize) -> Self {
        if row.unsaved_formulas.contains(&position) {
            return Self::UnsavedFormula;
        }
        Self::parse(row.cells.get(position).map_or("", String::as_str))
    }

    /// Parses the text of a key cell.
    #[must_use]
    pub fn parse(cell: &'a str) -> Self {
        let key = cell.trim();
        if is_blank(key) {
            Self::Missing
        } else if key.len() > KEY_MAX_BYTES {
            Self::TooLong(key)
        } else {
            SpreadsheetPlaceholder::parse(key).map_or(Self::Key(key), Self::SpreadsheetPlaceholder)
        }
    }

    /// Returns why a row with this cell in the key column `column` is skipped, and what to do; `None` for a key.
    #[must_use]
    pub fn refusal_message(self, column: &str) -> Option<String> {
        Some(match self {
            Self::Key(_) => return None,
            Self::Missing => missing_key_reason(column),
            Self::SpreadsheetPlaceholder(placeholder @ SpreadsheetPlaceholder::Loading) => {
                loading_key_reason(column, placeholder.as_str())
            }
            Self::SpreadsheetPlaceholder(error) => key_error_reason(column, error.as_str()),
            Self::UnsavedFormula => unsaved_key_reason(column),
            Self::TooLong(key) => long_key_reason(column, key, KEY_MAX_BYTES),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::KeyCell;

    #[test]
    fn a_cell_that_cannot_be_a_key_says_why() {
        assert_eq!(KeyCell::parse(" a\u{200b} "), KeyCell::Key("a\u{200b}"));
        for (cell, part) in [
            ("", "Missing key (“id” is empty)"),
            ("\u{200b} \u{a0}", "Missing key"),
            ("#N/A", "spreadsheet error “#N/A”"),
            ("Loading...", "when the sheet has loaded"),
            ("x".repeat(1025).as_str(), "longer than 1024 bytes"),
        ] {
            let reason = KeyCell::parse(cell).refusal_message("id").expect("refused");
            assert!(reason.contains(part), "{reason}");
        }
    }
}
