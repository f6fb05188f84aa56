//! Parses the cell of the key column: a key, or the reason why there is none.

use super::row::TextRow;
use crate::domain::columns::spreadsheet_values::SpreadsheetPlaceholder;
use crate::domain::item::KEY_MAX_BYTES;
use crate::domain::text::comparable_form::is_blank;
use crate::domain::text::shortening::shorten;

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
            Self::Missing => format!("Missing key (“{column}” is empty). Fill in the cell and sync again."),
            Self::SpreadsheetPlaceholder(SpreadsheetPlaceholder::Loading) => format!(
                "“{column}” contains “{}” instead of a key. Sync again when the sheet has loaded its values.",
                SpreadsheetPlaceholder::Loading.as_str()
            ),
            Self::SpreadsheetPlaceholder(word) => format!(
                "“{column}” contains the spreadsheet error “{}” instead of a key. Fix the formula in the cell and sync \
                 again.",
                word.as_str()
            ),
            Self::UnsavedFormula => format!(
                "“{column}” contains a formula without a saved value instead of a key. Open the file in Excel or \
                 LibreOffice, save it once, and sync again."
            ),
            Self::TooLong(key) => format!(
                "The key “{}” is longer than {KEY_MAX_BYTES} bytes. Check that “{column}” is the unique key column.",
                shorten(key)
            ),
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
