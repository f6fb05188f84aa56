//! Classifies cells by their appearance, to detect cells that are in the wrong column.

use super::column_type::ColumnType;
use super::spreadsheet_values::SpreadsheetPlaceholder;

/// The appearance of a cell. Coarser than a column type, so that a column keeps its class despite a few odd cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellClass {
    /// Empty, white space, or a placeholder that a spreadsheet shows instead of a value.
    Empty,
    /// Digits with the signs used in numbers and prices.
    Number,
    /// Digits with the separators of dates and times.
    Date,
    /// A URL.
    Link,
    /// Yes or no, true or false.
    Flag,
    /// Anything else.
    Text,
}

impl CellClass {
    /// Returns the class of the cells in a column of this type; `None` for text, which may have any class.
    #[must_use]
    pub const fn of_type(column: ColumnType) -> Option<Self> {
        match column {
            ColumnType::Number(_) => Some(Self::Number),
            ColumnType::Date(_) | ColumnType::Moment => Some(Self::Date),
            ColumnType::Link | ColumnType::Image => Some(Self::Link),
            ColumnType::Flag => Some(Self::Flag),
            ColumnType::Text | ColumnType::Html => None,
        }
    }

    /// Returns the class of `cell`.
    #[must_use]
    pub fn classify(cell: &str) -> Self {
        let cell = cell.trim();
        let Some(first) = cell.bytes().next().filter(|_| SpreadsheetPlaceholder::parse(cell).is_none()) else {
            return Self::Empty;
        };
        if cell.len() > 40 || !first.is_ascii() && !cell.starts_with(['€', '£', '¥']) {
            return if is_link(cell) { Self::Link } else { Self::Text };
        }
        if ["true", "false", "yes", "no"].iter().any(|word| cell.eq_ignore_ascii_case(word)) {
            return Self::Flag;
        }
        if is_link(cell) {
            return Self::Link;
        }
        let has_digit = cell.bytes().any(|byte| byte.is_ascii_digit());
        let is_of = |signs: &str| cell.chars().all(|c| c.is_ascii_digit() || signs.contains(c));
        // A minus sign at the beginning belongs to a number.
        let separators = cell.bytes().skip(1).filter(|byte| matches!(byte, b'-' | b'/' | b':')).count();
        let points = cell.bytes().filter(|byte| *byte == b'.').count();
        if !has_digit {
            Self::Text
        } else if separators >= 1 && is_of("-/:. TZ+") || points == 2 && is_of(". :") {
            Self::Date
        } else if separators == 0 && is_of("+-.,'%$€£¥ \u{a0}\u{202f}") {
            Self::Number
        } else {
            Self::Text
        }
    }

    /// Returns whether a cell would be a number, a date, a link or a flag without the line break in it.
    pub(in crate::domain) fn is_broken_value(cell: &str) -> bool {
        const MAX_BYTES: usize = 100;
        cell.len() <= MAX_BYTES
            && cell.contains(['\n', '\r'])
            && !matches!(Self::classify(&cell.replace(['\n', '\r'], "")), Self::Text | Self::Empty)
    }
}

fn is_link(cell: &str) -> bool {
    cell.starts_with("https://") || cell.starts_with("http://")
}

/// Counts the classes of the sampled cells of a column.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::domain) struct ClassCounts {
    counts: [u32; 6],
}

impl ClassCounts {
    /// The minimum number of filled cells from which the class of a column is derived.
    const FEWEST_CELLS: u32 = 4;

    /// Counts one cell.
    pub(in crate::domain) fn count_cell(&mut self, class: CellClass) {
        self.counts[class as usize] += 1;
    }

    /// Returns the class of at least nine of ten filled cells, unless it is text: a text column may hold anything.
    pub(in crate::domain) fn typical_class(&self) -> Option<CellClass> {
        self.usual_class().filter(|class| *class != CellClass::Text)
    }

    /// Returns the class of at least nine of ten filled cells, including text.
    pub(in crate::domain) fn usual_class(&self) -> Option<CellClass> {
        let filled: u32 = self.counts[1..].iter().sum();
        let most = |class: CellClass| u64::from(self.counts[class as usize]) * 10 >= u64::from(filled) * 9;
        let classes = [CellClass::Number, CellClass::Date, CellClass::Link, CellClass::Flag, CellClass::Text];
        classes.into_iter().find(|class| filled >= Self::FEWEST_CELLS && most(*class))
    }
}

#[cfg(test)]
mod tests {
    use super::{CellClass, ClassCounts};

    #[test]
    fn a_cell_is_classified_by_its_text() {
        for (cell, class) in [
            ("", CellClass::Empty),
            (" \t", CellClass::Empty),
            ("#REF!", CellClass::Empty),
            ("Loading...", CellClass::Empty),
            ("1999", CellClass::Number),
            ("-3,5 %", CellClass::Number),
            ("€ 1.234,50", CellClass::Number),
            ("2025-04-03", CellClass::Date),
            ("3.4.2025", CellClass::Date),
            ("14:30", CellClass::Date),
            ("2025-04-03T08:00:00Z", CellClass::Date),
            ("https://example.org/a b", CellClass::Link),
            ("FALSE", CellClass::Flag),
            ("Yes", CellClass::Flag),
            ("a1", CellClass::Text),
            ("7\" single", CellClass::Text),
            ("日本", CellClass::Text),
            ("-", CellClass::Text),
            ("1One", CellClass::Text),
        ] {
            assert_eq!(CellClass::classify(cell), class, "{cell:?}");
        }
    }

    #[test]
    fn a_column_is_typical_when_nine_of_ten_cells_are() {
        let counts = |cells: &[&str]| {
            let mut counts = ClassCounts::default();
            cells.iter().for_each(|cell| counts.count_cell(CellClass::classify(cell)));
            counts.typical_class()
        };
        assert_eq!(counts(&["1", "2", "", "3"]), None, "three cells are few");
        assert_eq!(counts(&["1", "2", "", "3", "4"]), Some(CellClass::Number));
        assert_eq!(counts(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "x"]), Some(CellClass::Number));
        assert_eq!(counts(&["1", "2", "3", "4", "x"]), None);
        assert_eq!(counts(&["a", "b", "c", "d"]), None, "text says nothing");
    }
}
