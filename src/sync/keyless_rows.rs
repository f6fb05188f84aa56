//! Rows without a key: those that somebody filled in, and those that only hold what a spreadsheet puts into every row, as
//! the unticked box that was drawn down a thousand rows.

use std::collections::HashMap;

use crate::domain::row::Row;
use crate::domain::sheet_words::{is_checkbox, is_unticked};
use crate::domain::text_form::is_blank;

/// A value in so many rows with a key, and in all of them, is no person's entry in a row without one.
const MIN_CONSTANT_ROWS: u64 = 3;
/// A value in so many rows without a key, and in all of them, was filled down.
const MIN_FILLED_ROWS: u64 = 10;

/// What a column holds, in rows with a key and without.
#[derive(Clone, Default, Debug)]
struct ColumnContent {
    /// The value in rows without a key, and in how many; `None` where they differ.
    filler: Option<(String, u64)>,
    has_differing_fillers: bool,
    /// The value in rows with a key, and in how many; `None` where they differ.
    constant: Option<(String, u64)>,
    has_differing_values: bool,
    /// Whether a row with a key has something else than a box there.
    has_others_than_boxes: bool,
}

/// Keeps the one value of a column, as long as there is but one.
fn note(kept: &mut Option<(String, u64)>, differs: &mut bool, value: &str) {
    match kept {
        Some((known, count)) if known == value => *count += 1,
        None if !*differs => *kept = Some((value.to_owned(), 1)),
        _ => (*kept, *differs) = (None, true),
    }
}

impl ColumnContent {
    /// The value that says nothing in a row without a key.
    fn filler(&self) -> Option<&str> {
        let (value, count) = self.filler.as_ref()?;
        let is_box = is_unticked(value) && !self.has_others_than_boxes;
        let is_constant =
            self.constant.as_ref().is_some_and(|(known, rows)| known == value && *rows >= MIN_CONSTANT_ROWS);
        (is_box || is_constant || *count >= MIN_FILLED_ROWS).then_some(value)
    }
}

/// The rows without a key, until all rows are read and it can be told which of them hold anything.
#[derive(Debug)]
pub(super) struct KeylessRows {
    columns: Vec<ColumnContent>,
    /// Which columns of a row are filled: few combinations in many rows.
    patterns: HashMap<Vec<usize>, u32>,
    /// Rows with the number of their pattern, in order.
    rows: Vec<(u64, u32)>,
}

/// Rows without a key, told apart.
#[derive(PartialEq, Eq, Default, Debug)]
pub(super) struct KeylessSplit {
    /// Rows in which something was entered.
    pub(super) filled: Vec<u64>,
    /// How many hold nothing,
    pub(super) unfilled: u64,
    /// the first of these,
    pub(super) first: u64,
    /// and the last.
    pub(super) last: u64,
}

impl KeylessRows {
    /// None yet, of a source with so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { columns: vec![ColumnContent::default(); columns], patterns: HashMap::new(), rows: Vec::new() }
    }

    /// Looks at a row with a key.
    pub(super) fn look_at_keyed(&mut self, row: &Row) {
        for (column, cell) in self.columns.iter_mut().zip(&row.cells) {
            if column.has_differing_values && column.has_others_than_boxes {
                continue;
            }
            let cell = cell.trim();
            if !cell.is_empty() {
                note(&mut column.constant, &mut column.has_differing_values, cell);
                column.has_others_than_boxes |= !is_checkbox(cell);
            }
        }
    }

    /// Takes a row without a key.
    pub(super) fn push(&mut self, row: &Row) {
        let filled: Vec<usize> = (0..row.cells.len()).filter(|&at| !is_blank(&row.cells[at])).collect();
        for &at in &filled {
            if let Some(column) = self.columns.get_mut(at) {
                note(&mut column.filler, &mut column.has_differing_fillers, row.cells[at].trim());
            }
        }
        let next = u32::try_from(self.patterns.len()).unwrap_or(u32::MAX);
        let pattern = *self.patterns.entry(filled).or_insert(next);
        self.rows.push((row.number, pattern));
    }

    /// What fills each column, where it says nothing.
    pub(super) fn fillers(&self) -> Vec<Option<String>> {
        self.columns.iter().map(|column| column.filler().map(str::to_owned)).collect()
    }

    /// Which of the rows were filled in.
    pub(super) fn split(self) -> KeylessSplit {
        let says_nothing = |at: &usize| self.columns.get(*at).is_some_and(|column| column.filler().is_some());
        let patterns = self.patterns.iter().map(|(filled, id)| (*id, filled.iter().all(says_nothing)));
        let unfilled: HashMap<u32, bool> = patterns.collect();
        let mut split = KeylessSplit::default();
        for (row, pattern) in self.rows {
            if unfilled.get(&pattern) == Some(&true) {
                split.unfilled += 1;
                split.first = if split.first == 0 { row } else { split.first };
                split.last = row;
            } else {
                split.filled.push(row);
            }
        }
        split
    }
}

#[cfg(test)]
mod tests {
    use super::{KeylessRows, KeylessSplit};
    use crate::domain::row::Row;

    fn row(number: u64, cells: [&str; 3]) -> Row {
        Row { number, cells: cells.map(str::to_owned).to_vec(), ..Row::default() }
    }

    fn split(keyed: &[[&str; 3]], keyless: &[[&str; 3]]) -> KeylessSplit {
        let mut rows = KeylessRows::new(3);
        keyed.iter().for_each(|cells| rows.look_at_keyed(&row(2, *cells)));
        (10..).zip(keyless).for_each(|(number, cells)| rows.push(&row(number, *cells)));
        rows.split()
    }

    #[test]
    fn unticked_boxes_and_blank_rows_are_nothing() {
        let found = split(&[["1", "Ana", "TRUE"]], &[["", "", "FALSE"], ["", "", ""], ["", "Bo", "FALSE"]]);
        assert_eq!(found, KeylessSplit { filled: vec![12], unfilled: 2, first: 10, last: 11 });
    }

    #[test]
    fn a_ticked_box_and_a_word_false_are_entries() {
        assert_eq!(split(&[["1", "Ana", "TRUE"], ["2", "Bo", "FALSE"]], &[["", "", "TRUE"]]).filled, [10]);
        assert_eq!(split(&[["1", "Ana", "yes"]], &[["", "", "FALSE"]]).filled, [10]);
    }

    #[test]
    fn a_constant_of_the_column_is_nothing_and_a_coincidence_is_something() {
        let euro = ["1", "", "EUR"];
        assert_eq!(split(&[euro; 3], &[["", "", "EUR"]]).unfilled, 1);
        assert_eq!(split(&[euro], &[["", "", "EUR"]]).filled, [10]);
        assert_eq!(split(&[["1", "", "9"]], &[["", "", "0.00"]; 12]).unfilled, 12);
    }
}
