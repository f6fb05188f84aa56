//! Parses a range of cells in A1 notation: `A1:D20`, `A3:D`, `B:D` or `2:50`.

use std::fmt;
use std::str::FromStr;

/// The maximum number of letters in the name of a column.
const MAX_LETTERS: usize = 3;
/// The maximum number of digits in the number of a row.
const MAX_DIGITS: usize = 8;

/// A range of cells with room for a header and at least one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellRange {
    first: RangeCorner,
    last: RangeCorner,
}

/// A corner of a range. A missing row or column extends the range to the end of the tab.
#[derive(Clone, PartialEq, Eq, Debug)]
struct RangeCorner {
    column: String,
    row: Option<u64>,
}

/// Why a text is not a usable range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CellRangeError {
    /// The text is not in A1 notation. Names of named ranges are not supported.
    #[error("is not a range of cells such as A1:D20, A3:D or B:D")]
    Malformed,
    /// The range has one row, which would be only the header.
    #[error("is a single row or cell, but a table needs a header and rows below it")]
    OneRow,
}

impl CellRange {
    /// Returns the number of the first row, from 1.
    #[must_use]
    pub fn first_row(&self) -> u64 {
        self.first.row.unwrap_or(1)
    }

    /// Returns the position of the first column, from 0.
    #[must_use]
    pub fn first_column(&self) -> usize {
        let digit = |letter: u8| usize::from(letter - b'A') + 1;
        self.first.column.bytes().fold(0, |number, letter| number * 26 + digit(letter)).saturating_sub(1)
    }

    /// Returns the range without the rows above `row`; `None` if less than a header and one row would be left.
    #[must_use]
    pub fn from_row(&self, row: u64) -> Option<Self> {
        let first = RangeCorner { row: Some(row), ..self.first.clone() };
        self.last.row.is_none_or(|last| row < last).then(|| Self { first, ..self.clone() })
    }
}

impl FromStr for CellRange {
    type Err = CellRangeError;

    fn from_str(text: &str) -> Result<Self, CellRangeError> {
        let text = text.trim();
        let Some((first, last)) = text.split_once(':') else {
            let alone = parse_corner(text).ok_or(CellRangeError::Malformed)?;
            let is_cell = !alone.column.is_empty() && alone.row.is_some();
            return Err(if is_cell { CellRangeError::OneRow } else { CellRangeError::Malformed });
        };
        let (mut first, mut last) = parse_corner(first).zip(parse_corner(last)).ok_or(CellRangeError::Malformed)?;
        let form = |corner: &RangeCorner| (!corner.column.is_empty(), corner.row.is_some());
        match (form(&first), form(&last)) {
            ((true, true), (true, true | false)) | ((true, false), (true, false)) | ((false, true), (false, true)) => {}
            _ => return Err(CellRangeError::Malformed),
        }
        if (last.column.len(), &last.column) < (first.column.len(), &first.column) {
            std::mem::swap(&mut first.column, &mut last.column);
        }
        if last.row.is_some_and(|row| Some(row) < first.row) {
            std::mem::swap(&mut first.row, &mut last.row);
        }
        if first.row.is_some() && first.row == last.row {
            return Err(CellRangeError::OneRow);
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for CellRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |corner: &RangeCorner| corner.row.map(|row| row.to_string()).unwrap_or_default();
        let (first, last) = (&self.first, &self.last);
        write!(f, "{}{}:{}{}", first.column, row(first), last.column, row(last))
    }
}

/// The place of a cell in a spreadsheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellPlace {
    /// The number of the tab, if it is known.
    pub tab: Option<u64>,
    /// The position of the column in the table that was read, from 0; `None` for the whole row.
    pub column: Option<usize>,
    /// The number of the row, from 1.
    pub row: u64,
}

/// Returns the letters of the column at `position`, from 0: `A`, `Z`, `AA`.
#[must_use]
pub fn column_letters(position: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = position + 1;
    while rest > 0 {
        rest -= 1;
        letters.insert(0, char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.into_iter().collect()
}

/// Parses a corner: the letters of a column, the number of a row, or both, with or without the `$` of an absolute
/// reference.
fn parse_corner(text: &str) -> Option<RangeCorner> {
    let text = text.trim();
    let bare = text.strip_prefix('$').unwrap_or(text);
    let letters = bare.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, rest) = bare.split_at(letters);
    let digits = if letters > 0 { rest.strip_prefix('$').unwrap_or(rest) } else { rest };
    let is_row = digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() <= MAX_DIGITS;
    if letters > MAX_LETTERS || !is_row || (letters == 0 && digits.is_empty()) {
        return None;
    }
    let row = if digits.is_empty() { None } else { Some(digits.parse().ok().filter(|row| *row > 0)?) };
    Some(RangeCorner { column: column.to_ascii_uppercase(), row })
}

#[cfg(test)]
mod tests {
    use super::{CellRange, CellRangeError, column_letters};

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        for (position, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(position), letters);
            let range: CellRange = format!("{letters}1:{letters}9").parse().expect("a range");
            assert_eq!(range.first_column(), position);
        }
        assert_eq!("2:50".parse::<CellRange>().expect("a range").first_column(), 0);
    }

    #[test]
    fn a_range_is_read_in_every_spelling_and_written_in_one() {
        for (text, written, first_row) in [
            ("A1:B3", "A1:B3", 1),
            (" a5:c10 ", "A5:C10", 5),
            ("$A$1:$B$3", "A1:B3", 1),
            ("B3:A1", "A1:B3", 1),
            ("AA2:B9", "B2:AA9", 2),
            ("A3:D", "A3:D", 3),
            ("B:D", "B:D", 1),
            ("B:B", "B:B", 1),
            ("2:50", "2:50", 2),
        ] {
            let range: CellRange = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((range.to_string().as_str(), range.first_row()), (written, first_row), "{text}");
        }
    }

    #[test]
    fn an_invalid_range_is_refused() {
        for text in ["A1", "$B$7", "A1:D1", "3:3"] {
            assert_eq!(text.parse::<CellRange>(), Err(CellRangeError::OneRow), "{text}");
        }
        let malformed = [
            "",
            "A",
            "7",
            "Prices",
            "prices_2024",
            "Albums!A1:B3",
            "A1:B3,D1:E3",
            "A0:B3",
            "A1:",
            ":B3",
            "A:B3",
            "1:B",
            "A1:3",
            "R1C1:R2C2",
            "A1:B3:C4",
            "ABCD1:ABCE2",
            "A1:B999999999",
            "A-1:B3",
            "Ä1:B3",
        ];
        for text in malformed {
            assert_eq!(text.parse::<CellRange>(), Err(CellRangeError::Malformed), "{text}");
        }
    }
}
