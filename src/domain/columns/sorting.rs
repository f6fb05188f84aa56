//! What items are sorted by: one order for both databases, whatever language they were set up for.

use unicode_normalization::UnicodeNormalization;

use super::column_type::ColumnType;
use super::dates;
use super::dates::DateOrder;
use super::numbers;

/// White space that does not count around a cell: what `char::is_whitespace` is, for the database that has to be told.
pub const WHITE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
                         \u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
/// Marks on letters, which do not count.
pub const MARKS: (char, char) = ('\u{300}', '\u{36f}');
/// Large letters beside A to Z that do not differ from the small ones, in the order of [`SMALL`].
pub const LARGE: &str = "ÆÐØÞĐŁŒΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЇҐЂЈЉЊЋЏ";
/// The small letters of [`LARGE`].
pub const SMALL: &str = "æðøþđłœαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюяєіїґђјљњћџ";

/// What an item is sorted by. Those without one come last, whichever way the others are sorted.
#[derive(Clone, PartialEq, PartialOrd, Debug)]
pub enum SortKey {
    /// By size, or by time.
    Number(f64),
    /// By the letters, one after the other.
    Text(String),
}

/// What an item is sorted by whose cell says this, in a column of that type; `None` when there is nothing in it, or
/// it is not what its column is.
#[must_use]
pub fn sort_key(cell: &str, column: ColumnType) -> Option<SortKey> {
    match column {
        ColumnType::Number(decimal) => numbers::value(cell, decimal).map(SortKey::Number),
        ColumnType::Date(order) => dates::value(cell, order).map(SortKey::Number),
        ColumnType::Moment => dates::value(cell, DateOrder::YearFirst).map(SortKey::Number),
        ColumnType::Flag => Some(SortKey::Number(if cell == "yes" { 1.0 } else { 0.0 })),
        ColumnType::Text | ColumnType::Link | ColumnType::Image | ColumnType::Html => letters(cell).map(SortKey::Text),
    }
}

/// A text as it is sorted: without the white space around it, marks on letters, and a difference between large and
/// small ones.
#[must_use]
pub fn letters(cell: &str) -> Option<String> {
    let cell = cell.trim();
    if cell.is_empty() {
        return None;
    }
    if cell.is_ascii() {
        return Some(cell.to_ascii_lowercase());
    }
    let bare = cell.nfkd().filter(|c| !(MARKS.0..=MARKS.1).contains(c));
    Some(bare.map(small).collect())
}

fn small(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let known = LARGE.chars().zip(SMALL.chars()).find(|(large, _)| *large == letter);
    known.map_or(letter, |(_, small)| small)
}

#[cfg(test)]
mod tests {
    use super::{LARGE, SMALL, WHITE, letters};

    #[test]
    fn case_and_accents_do_not_part_what_belongs_together() {
        assert_eq!(letters(" Ágætis BYRJUN\n").as_deref(), Some("agætis byrjun"));
        assert_eq!(letters("ØÞ Ёлка Ω").as_deref(), Some("øþ елка ω"));
        assert_eq!(letters("\u{2003}"), None);
    }

    #[test]
    fn the_tables_say_what_the_language_says() {
        let white: String = (char::MIN..=char::MAX).filter(|c| c.is_whitespace()).collect();
        assert_eq!(WHITE, white);
        assert_eq!(LARGE.to_lowercase(), SMALL);
    }
}
