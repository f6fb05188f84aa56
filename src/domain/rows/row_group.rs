//! Rows of which the same is to be said, told of in one note.

use crate::domain::issue::{Issue, IssueKind};
use crate::domain::text::counts::{format_row_count, format_row_numbers};

/// How many rows a note about several names.
const MAX_LISTED_ROWS: usize = 5;

/// Rows of which the same is to be said: all are counted, the first are named.
#[derive(Clone, Default, Debug)]
pub struct RowGroup {
    count: u64,
    first_rows: Vec<u64>,
}

impl RowGroup {
    /// Adds a row by its number.
    pub fn add(&mut self, row: u64) {
        self.count += 1;
        if self.first_rows.len() < MAX_LISTED_ROWS {
            self.first_rows.push(row);
        }
    }

    /// How many rows there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The number of the first row; `None` without any.
    #[must_use]
    pub fn first_row(&self) -> Option<u64> {
        self.first_rows.first().copied()
    }

    /// The note about these rows, in the place of the first of them; `None` without any. `one` is the reason where it
    /// is a single row, and `many` goes on after the rows: "12 rows (rows 5, 9, …) have …".
    #[must_use]
    pub fn to_note(&self, one: &str, many: &str) -> Option<Issue> {
        let row = self.first_row()?;
        let reason = match self.count {
            1 => one.to_owned(),
            count => format!("{} ({}) {many}", format_row_count(count), format_row_numbers(&self.first_rows, count)),
        };
        Some(Issue { row: Some(row), column: None, kind: IssueKind::Noted, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::RowGroup;

    #[test]
    fn one_row_is_named_by_its_place_and_many_are_counted() {
        let mut group = RowGroup::default();
        assert_eq!(group.to_note("It is.", "are."), None);
        group.add(7);
        let note = group.to_note("It is.", "are.").expect("a note");
        assert_eq!((note.row, note.reason.as_str()), (Some(7), "It is."));
        (8..20).for_each(|row| group.add(row));
        let note = group.to_note("It is.", "are.").expect("a note");
        assert_eq!(note.reason, "13 rows (rows 7, 8, 9, 10, 11, …) are.");
        assert_eq!(group.count(), 13);
    }
}
