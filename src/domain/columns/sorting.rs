//! Computes the sort keys of items, which are the same for both databases and independent of their locale.

use unicode_normalization::UnicodeNormalization;

use super::column_type::ColumnType;
use super::dates;
use super::dates::DateOrder;
use super::numbers;

/// White space that is trimmed from cells: the characters of `char::is_whitespace`, as a list for PostgreSQL.
pub const WHITE_SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\
                               \u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
/// The range of combining marks, which are ignored.
pub const COMBINING_MARKS: (char, char) = ('\u{300}', '\u{36f}');
/// Uppercase letters other than A to Z, in the order of [`LOWERCASE_LETTERS`].
pub const UPPERCASE_LETTERS: &str = "ÆÐØÞĐŁŒΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЇҐЂЈЉЊЋЏ";
/// The lowercase letters of [`UPPERCASE_LETTERS`].
pub const LOWERCASE_LETTERS: &str = "æðøþđłœαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюяєіїґђјљњћџ";

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
        ColumnType::Flag => Some(SortKey::Number(if cell == "yes" { 1.0 } else { 0.0 })),
        ColumnType::Text | ColumnType::Link | ColumnType::Image | ColumnType::Html => {
            fold_letters(cell).map(SortKey::Text)
        }
    }
}

/// Returns a text in the form by which it is sorted: trimmed, without combining marks and in lower case. `None` if it
/// is blank.
#[must_use]
pub fn fold_letters(cell: &str) -> Option<String> {
    let cell = cell.trim();
    if cell.is_empty() {
        return None;
    }
    if cell.is_ascii() {
        return Some(cell.to_ascii_lowercase());
    }
    let bare = cell.nfkd().filter(|c| !(COMBINING_MARKS.0..=COMBINING_MARKS.1).contains(c));
    Some(bare.map(lowercase_letter).collect())
}

fn lowercase_letter(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let known = UPPERCASE_LETTERS.chars().zip(LOWERCASE_LETTERS.chars()).find(|(large, _)| *large == letter);
    known.map_or(letter, |(_, small)| small)
}

#[cfg(test)]
mod tests {
    use super::{LOWERCASE_LETTERS, UPPERCASE_LETTERS, WHITE_SPACE, fold_letters};

    #[test]
    fn case_and_accents_do_not_separate_equal_words() {
        assert_eq!(fold_letters(" Ágætis BYRJUN\n").as_deref(), Some("agætis byrjun"));
        assert_eq!(fold_letters("ØÞ Ёлка Ω").as_deref(), Some("øþ елка ω"));
        assert_eq!(fold_letters("\u{2003}"), None);
    }

    #[test]
    fn tables_of_letters_agree_with_the_standard_library() {
        let white: String = (char::MIN..=char::MAX).filter(|c| c.is_whitespace()).collect();
        assert_eq!(WHITE_SPACE, white);
        assert_eq!(UPPERCASE_LETTERS.to_lowercase(), LOWERCASE_LETTERS);
    }
}
