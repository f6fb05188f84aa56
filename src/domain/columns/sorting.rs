//! Computes the sort keys of items, which are independent of the locale of a database.

use super::column_type::ColumnType;
use super::dates;
use super::dates::DateOrder;
use super::numbers;
use super::spreadsheet_values::parse_flag;
use crate::domain::item::fold_for_search;

/// The sort key of an item. Items without one come last in both directions.
#[derive(Clone, PartialEq, PartialOrd, Debug)]
pub enum SortKey {
    /// A number, or a time in seconds.
    Number(f64),
    /// Folded text.
    Text(String),
}

/// Returns the sort key of a cell in a column of this type; `None` if the cell is empty or does not fit the type.
#[must_use]
pub fn sort_key(cell: &str, column: ColumnType) -> Option<SortKey> {
    match column {
        ColumnType::Number(decimal) => numbers::parse_number(cell, decimal).map(SortKey::Number),
        ColumnType::Date(order) => dates::parse_date(cell, order).map(SortKey::Number),
        ColumnType::Moment => dates::parse_date(cell, DateOrder::YearFirst).map(SortKey::Number),
        ColumnType::Flag if cell.trim().is_empty() => None,
        ColumnType::Flag => Some(SortKey::Number(if parse_flag(cell) == Some(true) { 1.0 } else { 0.0 })),
        ColumnType::Text | ColumnType::Link | ColumnType::Image | ColumnType::Html => {
            fold_letters(cell).map(SortKey::Text)
        }
    }
}

/// Returns a text in the form by which it is sorted: trimmed, without accents and in lower case. `None` if it is blank.
#[must_use]
pub fn fold_letters(cell: &str) -> Option<String> {
    let folded = fold_for_search(cell.trim());
    (!folded.is_empty()).then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::fold_letters;

    #[test]
    fn case_and_accents_do_not_separate_equal_words() {
        assert_eq!(fold_letters(" Ágætis BYRJUN\n").as_deref(), Some("agætis byrjun"));
        assert_eq!(fold_letters("ØÞ Ёлка Ω").as_deref(), Some("øþ елка ω"));
        assert_eq!(fold_letters("ΟΔΟΣ").as_deref(), fold_letters("οδός").as_deref());
        assert_eq!(fold_letters("Straße").as_deref(), Some("strasse"));
        // Marks that make another letter.
        assert_ne!(fold_letters("パン"), fold_letters("ハン"));
        assert!(fold_letters("한국").is_some_and(|word| !word.contains('하') && word == "한국"));
        assert_eq!(fold_letters("か\u{3099}").as_deref(), Some("が"));
        assert_eq!(fold_letters("\u{2003}"), None);
    }
}
