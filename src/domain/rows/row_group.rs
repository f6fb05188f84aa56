//! Groups rows with the same issue into one warning.

use crate::domain::issue::Issue;
use crate::domain::text::counts::{format_row_count, format_row_numbers};

/// The number of rows that a warning lists by number.
const MAX_LISTED_ROWS: usize = 5;

/// Rows with the same issue: all are counted, the first are listed.
#[derive(Clone, Default, Debug)]
pub struct RowGroup {
    count: u64,
    first_rows: Vec<u64>,
}

impl RowGroup {
    /// Adds a row by its number.
    pub fn add_row(&mut self, row: u64) {
        self.count += 1;
        if self.first_rows.len() < MAX_LISTED_ROWS {
            self.first_rows.push(row);
        }
    }

    /// Returns the number of rows.
    #[must_use]
    pub const fn row_count(&self) -> u64 {
        self.count
    }

    /// Returns the number of the first row; `None` if there are no rows.
    #[must_use]
    pub fn first_row(&self) -> Option<u64> {
        self.first_rows.first().copied()
    }

    /// Returns the warning about these rows, at the first of them; `None` if there are no rows. `one` is the message
    /// for a single row, `many` the rest of the message after the rows: "12 rows (rows 5, 9, …) have …".
    #[must_use]
    pub fn to_note(&self, one: &str, many: &str) -> Option<Issue> {
        let row = self.first_row()?;
        let reason = match self.count {
            1 => one.to_owned(),
            count => format!("{} ({}) {many}", format_row_count(count), format_row_numbers(&self.first_rows, count)),
        };
        Some(Issue::noted(Some(row), None, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::RowGroup;

    #[test]
    fn one_row_is_named_by_its_place_and_many_are_counted() {
        let mut group = RowGroup::default();
        assert_eq!(group.to_note("It is.", "are."), None);
        group.add_row(7);
        let note = group.to_note("It is.", "are.").expect("a note");
        assert_eq!((note.row, note.reason.as_str()), (Some(7), "It is."));
        (8..20).for_each(|row| group.add_row(row));
        let note = group.to_note("It is.", "are.").expect("a note");
        assert_eq!(note.reason, "13 rows (rows 7, 8, 9, 10, 11, …) are.");
        assert_eq!(group.row_count(), 13);
    }
}
